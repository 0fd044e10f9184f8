import type { FunctionRef } from "@/platform";
import { MessagesSection } from "./MessagesSection";
import { SchedulesSection } from "./SchedulesSection";

/** What calls the function by itself: the clock, and messages. */
export function TriggersTab({ target, speaksHttp }: { target: FunctionRef; speaksHttp: boolean }) {
  return (
    <div className="max-w-220 px-6 pb-10">
      <SchedulesSection target={target} speaksHttp={speaksHttp} />
      <MessagesSection target={target} />
    </div>
  );
}
