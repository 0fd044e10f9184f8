import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { ErrorState } from "@/ui/ErrorState";

/** A page that threw: the rest of the window goes on. */
export function PageError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  return (
    <ErrorState
      page
      error={error}
      onRetry={() => {
        reset();
        void router.invalidate();
      }}
    />
  );
}
