import { Ban, Fingerprint, Link2, PencilLine, Pin, PinOff, RotateCcw } from "lucide-react";
import { useCancels } from "@/api/queries";
import { CopyCurl } from "@/copy";
import type { ActivationDetail } from "@/platform";
import { IconButton } from "@/ui/IconButton";
import type { RunActions } from "./useRunActions";

export function RecordActions({ detail, actions }: { detail: ActivationDetail; actions: RunActions }) {
  const { activation, of } = detail;
  const { id, pinned, input } = activation;
  const unknown = input === null;
  const cancels = useCancels(activation);
  // There is no function to run again or to copy a call of.
  const fired = of === "trigger" || of === "rule";
  return (
    <>
      {cancels && (
        <IconButton
          size="sm"
          label="Cancel run"
          icon={<Ban size={14} aria-hidden />}
          onClick={() => void actions.cancel(id)}
        />
      )}
      {!fired && (
        <>
          <IconButton
            size="sm"
            label={unknown ? "Re-run: the input is not known" : "Re-run with the same input"}
            shortcut="r"
            data-testid="rerun"
            disabled={unknown}
            icon={<RotateCcw size={14} aria-hidden />}
            onClick={() => void actions.rerun(id)}
          />
          <IconButton
            size="sm"
            label={unknown ? "Edit and run: the input is not known" : "Edit the input, then run"}
            shortcut="Shift+R"
            disabled={unknown}
            icon={<PencilLine size={14} aria-hidden />}
            onClick={() => void actions.edit(id)}
          />
        </>
      )}
      <IconButton
        size="sm"
        label="Copy id"
        shortcut="y"
        icon={<Fingerprint size={14} aria-hidden />}
        onClick={() => void actions.copyId(id)}
      />
      <IconButton
        size="sm"
        label="Copy link"
        shortcut="u"
        icon={<Link2 size={14} aria-hidden />}
        onClick={() => void actions.copyLink(id)}
      />
      <IconButton
        size="sm"
        label={pinned ? "Unpin: let retention remove it" : "Pin: keep beyond retention"}
        shortcut="p"
        aria-pressed={pinned}
        icon={pinned ? <PinOff size={14} aria-hidden /> : <Pin size={14} aria-hidden />}
        onClick={() => void actions.pin({ id, pinned })}
      />
      {!fired && (
        <CopyCurl
          source={{ type: "run", id }}
          defaultMode={activation.mode === "blocking" ? "blocking" : "non_blocking"}
        />
      )}
    </>
  );
}
