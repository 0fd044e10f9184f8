import { SecretStoreSection } from "@/secrets/SecretStoreSection";
import { PageHeader } from "@/ui/PageHeader";
import { AboutSection } from "./AboutSection";
import { AppearanceSection } from "./AppearanceSection";
import { EngineSection } from "./EngineSection";
import { NotificationsSection } from "./NotificationsSection";
import { RuntimesSection } from "./RuntimesSection";

export function SettingsPage() {
  return (
    <>
      <PageHeader title="Settings" />
      <div className="max-w-220 px-6 pb-12">
        <AppearanceSection />
        <NotificationsSection />
        <EngineSection />
        <SecretStoreSection />
        <RuntimesSection />
        <AboutSection />
      </div>
    </>
  );
}
