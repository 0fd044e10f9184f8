import { useOverview } from "@/api/queries";
import { CopyButton } from "@/ui/CopyButton";
import { ErrorState } from "@/ui/ErrorState";
import { Section } from "@/ui/Section";
import { Skeleton } from "@/ui/Skeleton";
import { SettingRow } from "./SettingRow";

export function AboutSection() {
  const overview = useOverview();
  const { version, dataDir, gatewayUrl } = overview.data ?? {};
  return (
    <Section title="About">
      {overview.data ? (
        <>
          <SettingRow label="Version">Beckon {version}</SettingRow>
          <SettingRow label="Gateway">
            {gatewayUrl ? (
              <>
                <code className="break-all">{gatewayUrl}</code>
                <CopyButton text={gatewayUrl} label="Copy gateway address" />
              </>
            ) : (
              <span className="text-muted">Not served now</span>
            )}
          </SettingRow>
          <SettingRow label="Data directory">
            <code className="break-all">{dataDir}</code>
            <CopyButton text={dataDir ?? ""} label="Copy path" />
          </SettingRow>
        </>
      ) : overview.isError ? (
        <ErrorState error={overview.error} onRetry={() => void overview.refetch()} />
      ) : (
        <Skeleton rows={3} />
      )}
    </Section>
  );
}
