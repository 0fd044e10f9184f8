import type { Connection, Environment } from "@/platform";
import { cx } from "@/ui/cx";

export const ENVIRONMENT: Record<Environment, { word: string; dot: string; text: string; line: string }> = {
  local: { word: "Local", dot: "bg-env-local", text: "text-env-local", line: "bg-env-local" },
  development: {
    word: "Development",
    dot: "bg-env-development",
    text: "text-env-development",
    line: "bg-env-development",
  },
  staging: { word: "Staging", dot: "bg-env-staging", text: "text-env-staging", line: "bg-env-staging" },
  production: {
    word: "Production",
    dot: "bg-env-production",
    text: "text-env-production",
    line: "bg-danger",
  },
};

/** The colour and the word; production has its box filled, so that it cannot be missed. */
export function EnvironmentMark({
  environment,
  className,
}: {
  environment: Environment;
  className?: string;
}) {
  const { word, dot, text } = ENVIRONMENT[environment];
  if (environment === "production") {
    return (
      <span
        className={cx(
          "inline-flex h-4.5 shrink-0 items-center rounded-sm bg-danger px-1.5 text-xs font-semibold tracking-wide text-accent-fg uppercase",
          className,
        )}
      >
        {word}
      </span>
    );
  }
  return (
    <span className={cx("inline-flex shrink-0 items-center gap-1.5 text-sm", text, className)}>
      <span className={cx("size-2 rounded-full", dot)} aria-hidden />
      {word}
    </span>
  );
}

/** What a question that destroys something begins with. */
export function ProductionWarning({ connection }: { connection: Connection | undefined }) {
  if (connection?.environment !== "production") return null;
  return <p className="mb-1 font-medium text-bad">{connection.name} is a production connection.</p>;
}
