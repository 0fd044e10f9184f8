import { ImageOff, Maximize2, Minimize2 } from "lucide-react";
import { useState } from "react";
import { cx } from "@/ui/cx";
import { IconButton } from "@/ui/IconButton";

interface ImageViewProps {
  /** An address that holds the image itself. As an `<img>` no script of an SVG runs, and nothing is loaded. */
  src: string;
  type: string;
  label: string;
}

const CHECKED = {
  backgroundImage: "repeating-conic-gradient(var(--inset) 0 25%, var(--surface) 0 50%)",
  backgroundSize: "16px 16px",
};

export function ImageView({ src, type, label }: ImageViewProps) {
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  const [actual, setActual] = useState(false);
  const [broken, setBroken] = useState(false);
  if (broken) {
    return (
      <div role="status" className="flex flex-col items-center gap-2 px-6 py-8 text-center text-muted">
        <ImageOff size={20} aria-hidden />
        <p>
          This cannot be shown as an image, though it is called {type}. Look at its bytes, or download it.
        </p>
      </div>
    );
  }
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <section
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
        tabIndex={0}
        className="flex min-h-0 flex-1 overflow-auto border-t border-line p-4 outline-offset-[-2px]"
      >
        <img
          src={src}
          alt={`${label}, ${type}`}
          style={CHECKED}
          onLoad={({ currentTarget: { naturalWidth: width, naturalHeight: height } }) => {
            setSize({ width, height });
          }}
          onError={() => setBroken(true)}
          className={cx("m-auto", actual ? "max-w-none" : "max-h-full max-w-full object-contain")}
        />
      </section>
      <p className="flex h-8 shrink-0 items-center gap-2 border-t border-line pr-2 pl-4 text-sm text-muted">
        {size !== null && size.width > 0 && `${size.width} × ${size.height} px`}
        <IconButton
          size="sm"
          className="ml-auto"
          label={actual ? "Fit to the pane" : "Actual size"}
          icon={actual ? <Minimize2 size={14} aria-hidden /> : <Maximize2 size={14} aria-hidden />}
          onClick={() => setActual(!actual)}
        />
      </p>
    </div>
  );
}
