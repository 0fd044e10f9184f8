import { valibotResolver } from "@hookform/resolvers/valibot";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { FormProvider, useForm } from "react-hook-form";
import { keys } from "@/api/keys";
import { useCapabilities, useProduction } from "@/api/queries";
import { useActions } from "@/app/actions";
import { api, type FunctionDetail, type FunctionRef, toCallError } from "@/platform";
import { Button } from "@/ui/Button";
import { FormError } from "@/ui/Field";
import { toast } from "@/ui/toast";
import { useAttempt } from "@/ui/useAttempt";
import { whyReadOnly } from "../code/CodeTab";
import { ConflictDialog } from "../code/ConflictDialog";
import { AccessSection } from "./AccessSection";
import { CrashSection } from "./CrashSection";
import { DangerSection } from "./DangerSection";
import { ExecutionSection } from "./ExecutionSection";
import { HandlerSection } from "./HandlerSection";
import { LimitsSection } from "./LimitsSection";
import { OptionsSection } from "./OptionsSection";
import { RowsSection } from "./RowsSection";
import { SecretsSection } from "./SecretsSection";
import {
  type FunctionSettingsForm,
  fromForm,
  functionSettingsSchema,
  remoteSettingsSchema,
  toForm,
} from "./settings-form";
import { WebSection } from "./WebSection";

interface SettingsTabProps {
  target: FunctionRef;
  detail: FunctionDetail;
  active: boolean;
  onUnsaved: (unsaved: boolean) => void;
}

export function SettingsTab({ target, detail, active, onUnsaved }: SettingsTabProps) {
  const client = useQueryClient();
  const [base, setBase] = useState(detail);
  const [conflict, setConflict] = useState<FunctionSettingsForm | null>(null);
  const production = useProduction(target.connection);
  const has = useCapabilities(target.connection);
  // Arguments, limits, web access and a REST API for each function are OpenWhisk's.
  const whisk = has?.entities !== false;
  const { settings: editable, engine, hiddenEnv } = detail.edits;
  const form = useForm({
    resolver: valibotResolver(
      engine ? functionSettingsSchema : remoteSettingsSchema(toForm(detail).schedule),
    ),
    defaultValues: toForm(detail),
  });
  const { isDirty } = form.formState;

  useEffect(() => {
    onUnsaved(isDirty);
  }, [isDirty, onUnsaved]);
  useEffect(() => {
    if (isDirty || base.version === detail.version) return;
    setBase(detail);
    form.reset(toForm(detail));
  }, [isDirty, base.version, detail, form]);

  function take(fresh: FunctionDetail) {
    client.setQueryData(keys.function(target), fresh);
    setBase(fresh);
  }

  const save = useAttempt(async (values: FunctionSettingsForm, expectedVersion: string) => {
    try {
      const saved = await api.configureFunction({
        function: target,
        settings: fromForm(values, base),
        expectedVersion,
      });
      take(saved);
      form.reset(toForm(saved));
      setConflict(null);
      toast.success(has?.versions === false ? "Saved" : `Saved as version ${saved.version}`);
    } catch (thrown) {
      if (toCallError(thrown).code !== "conflict") throw thrown;
      setConflict(values);
    }
  });
  const submit = form.handleSubmit((values) => save.run(values, base.version));
  useActions(
    active && editable
      ? [
          {
            id: "save-settings",
            title: "Save the settings",
            section: "Function",
            keys: "$mod+s",
            // Nothing to save is no new version.
            run: () => isDirty && void submit(),
          },
        ]
      : [],
  );

  // A secret makes a new version of its own; unsaved fields stay and build on it.
  const onSecrets = (fresh: FunctionDetail) => take(fresh);

  return (
    <FormProvider {...form}>
      <form noValidate onSubmit={submit} className="flex min-h-full flex-col">
        <div className="max-w-220 flex-1 px-6 pb-10">
          {!editable && (
            <p className="mt-4 rounded-md bg-inset px-3 py-2 text-muted">{whyReadOnly(target)}</p>
          )}
          <fieldset disabled={!editable} className="contents">
            {!hiddenEnv && (
              <RowsSection
                field="env"
                title="Environment"
                description="Plain variables, readable by everybody who sees this page."
                namePlaceholder="REGION"
                valuePlaceholder="lon1"
                add="Add variable"
              />
            )}
            <SecretsSection
              target={target}
              secrets={detail.secrets}
              editable={editable}
              there={hiddenEnv}
              onChange={onSecrets}
            />
            {detail.options !== null && <OptionsSection target={target} />}
            {whisk && (
              <>
                <RowsSection
                  field="parameters"
                  title="Default parameters"
                  description="Merged into every input; what the caller sends wins. Values are JSON."
                  namePlaceholder="greeting"
                  valuePlaceholder={'"Hello"'}
                  add="Add parameter"
                />
                <HandlerSection detail={detail} />
                <LimitsSection engine={engine} />
                <WebSection speaksHttp={detail.speaksHttp} />
              </>
            )}
            {engine && (
              <>
                <CrashSection />
                <ExecutionSection detail={detail} />
              </>
            )}
          </fieldset>
          {whisk && <AccessSection target={target} detail={detail} />}
          {editable && <DangerSection target={target} />}
        </div>
        {(isDirty || save.error !== null) && (
          <div className="sticky bottom-0 flex flex-col gap-2 border-t border-line bg-raised px-6 py-2.5">
            {save.error !== null && <FormError error={save.error} />}
            <div className="flex items-center gap-2">
              <p className="flex-1 text-muted">
                {has?.versions === false
                  ? "Unsaved changes."
                  : "Unsaved changes. Saving makes the next version."}
              </p>
              <Button onClick={() => form.reset(toForm(detail))} disabled={save.busy}>
                Discard
              </Button>
              <Button
                variant={production ? "danger" : "primary"}
                type="submit"
                busy={save.busy}
                title="Ctrl+S"
              >
                {production ? "Save in production" : "Save settings"}
              </Button>
            </div>
          </div>
        )}
      </form>
      {conflict !== null && (
        <ConflictDialog
          expected={base.version}
          onClose={() => setConflict(null)}
          onReload={async () => {
            const fresh = await api.function({ function: target });
            take(fresh);
            form.reset(toForm(fresh));
            setConflict(null);
          }}
          onOverwrite={async () => {
            const fresh = await api.function({ function: target });
            await save.run(conflict, fresh.version);
          }}
        />
      )}
    </FormProvider>
  );
}
