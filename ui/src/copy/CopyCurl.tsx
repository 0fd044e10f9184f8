import { Popover } from "@base-ui/react/popover";
import { SquareTerminal } from "lucide-react";
import { type Ref, useState } from "react";
import type { CopyMode, CopySource } from "@/platform";
import { Button, type ButtonSize } from "@/ui/Button";
import { CopyCurlPanel } from "./CopyCurlPanel";

interface CopyCurlProps {
  source: CopySource;
  defaultMode?: CopyMode;
  size?: ButtonSize;
  ref?: Ref<HTMLButtonElement>;
}

/** A button that opens the choices for a command, or a program, that makes the same call. */
export function CopyCurl({ source, defaultMode = "blocking", size = "sm", ref }: CopyCurlProps) {
  const [open, setOpen] = useState(false);
  return (
    <Popover.Root open={open} onOpenChange={(next) => setOpen(next)}>
      <Popover.Trigger
        render={
          <Button
            ref={ref}
            size={size}
            data-testid="copy-curl"
            icon={<SquareTerminal size={14} aria-hidden />}
          />
        }
      >
        Copy curl
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner align="end" sideOffset={6} collisionPadding={12} className="z-50">
          <Popover.Popup className="appear w-130 max-w-[calc(100vw-24px)] rounded-xl border border-line bg-raised shadow-float">
            <Popover.Title className="px-4 pt-3 font-semibold">Copy this call</Popover.Title>
            <CopyCurlPanel source={source} defaultMode={defaultMode} onDone={() => setOpen(false)} />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
