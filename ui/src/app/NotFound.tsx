import { Link } from "@tanstack/react-router";
import { MapPinOff } from "lucide-react";
import { EmptyState } from "@/ui/EmptyState";

export function NotFound() {
  return (
    <EmptyState
      page
      icon={<MapPinOff size={24} aria-hidden />}
      title="There is no such page"
      action={
        <Link to="/" className="link">
          Go to a function
        </Link>
      }
    >
      The address may be from another version of Beckon, or mistyped.
    </EmptyState>
  );
}
