import { useOverview } from "@/api/queries";
import { SecretStoreSection } from "@/secrets/SecretStoreSection";
import { CopyButton } from "@/ui/CopyButton";
import { ErrorState } from "@/ui/ErrorState";
import { PageHeader } from "@/ui/PageHeader";
import { Section } from "@/ui/Section";
import { Skeleton } from "@/ui/Skeleton";
import { AppearanceSection } from "./AppearanceSection";
import { EngineSection } from "./EngineSection";
import { RuntimesSection } from "./RuntimesSection";

export function SettingsPage() {
  const overview = useOverview();
  return (
    <>
      <PageHeader title="Settings" />
      <div className="max-w-220 px-6 pb-12">
        <AppearanceSection />
        <EngineSection />
        <SecretStoreSection />
        <RuntimesSection />
        <Section title="About">
          {overview.isError ? (
            <ErrorState error={overview.error} onRetry={() => void overview.refetch()} />
          ) : overview.data ? (
            <dl className="grid grid-cols-[140px_1fr] items-center gap-y-1">
              <dt className="text-muted">Version</dt>
              <dd className="min-h-6">{overview.data.version}</dd>
              <dt className="text-muted">Data directory</dt>
              <dd className="flex min-h-6 items-center gap-1">
                <code className="break-all select-text">{overview.data.dataDir}</code>
                <CopyButton text={overview.data.dataDir} label="Copy path" />
              </dd>
            </dl>
          ) : (
            <Skeleton rows={2} />
          )}
        </Section>
      </div>
    </>
  );
}
