import { ArrowDownToLine } from "lucide-react";
import { Button } from "./Button";
import { formatCount } from "./format";

interface FollowEndProps {
  /** How many came since the end was in sight. */
  fresh: number;
  onFollow: () => void;
}

/** The way back to the end of a list that grows, over its lower edge. */
export function FollowEnd({ fresh, onFollow }: FollowEndProps) {
  return (
    <Button
      size="sm"
      className="absolute right-5 bottom-2 shadow-float"
      icon={<ArrowDownToLine size={13} aria-hidden />}
      onClick={onFollow}
    >
      {fresh > 0 ? `${formatCount(fresh)} new` : "Follow the end"}
    </Button>
  );
}
