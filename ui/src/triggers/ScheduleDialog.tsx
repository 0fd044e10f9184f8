import { valibotResolver } from "@hookform/resolvers/valibot";
import { useForm } from "react-hook-form";
import { api, type FunctionRef, type Schedule } from "@/platform";
import { Checkbox, describedBy, Field, Input, Textarea, TextField } from "@/ui/Field";
import { FormDialog } from "@/ui/FormDialog";
import { useAttempt } from "@/ui/useAttempt";
import { SchedulePreview } from "./SchedulePreview";
import {
  MISSED,
  type ScheduleForm,
  scheduleFromForm,
  scheduleSchema,
  scheduleToForm,
  zones,
} from "./schedule-form";
import { UsualTimeField } from "./UsualTimeField";

interface ScheduleDialogProps {
  target: FunctionRef;
  /** The schedule to change; without it a new one. */
  schedule: Schedule | null;
  /** Whether the function takes requests, so that the arguments are a body. */
  speaksHttp: boolean;
  onSaved: () => Promise<unknown>;
  onClose: () => void;
}

export function ScheduleDialog({ target, schedule, speaksHttp, onSaved, onClose }: ScheduleDialogProps) {
  const { register, handleSubmit, formState, watch, setValue } = useForm({
    resolver: valibotResolver(scheduleSchema),
    defaultValues: scheduleToForm(schedule),
  });
  const save = useAttempt(async (form: ScheduleForm) => {
    await api.saveSchedule({ id: schedule?.id, schedule: scheduleFromForm(target, form) });
    await onSaved();
    onClose();
  });
  const { errors } = formState;
  const expression = watch("expression");

  return (
    <FormDialog
      title={schedule === null ? "New schedule" : `Change ${schedule.name}`}
      description="Runs are asynchronous: each becomes an activation of this function."
      action={schedule === null ? "Create schedule" : "Save schedule"}
      busy={save.busy}
      error={save.error}
      onSubmit={handleSubmit((form) => save.run(form))}
      onClose={onClose}
    >
      <div className="grid grid-cols-2 gap-4">
        <TextField
          id="schedule-expression"
          label="When, as a cron expression"
          error={errors.expression?.message}
          hint="Minute, hour, day, month, weekday. Several: separate with ;"
          className="w-full font-mono text-sm"
          {...register("expression")}
        />
        <UsualTimeField
          id="schedule-usual"
          cron={expression}
          onPick={(next) => setValue("expression", next, { shouldDirty: true, shouldValidate: true })}
        />
        <Field id="schedule-zone" label="Time zone" hint="An IANA name; empty is UTC.">
          <Input
            id="schedule-zone"
            className="w-full"
            list="schedule-zones"
            autoComplete="off"
            spellCheck={false}
            aria-describedby={describedBy("schedule-zone")}
            {...register("zone")}
          />
          <datalist id="schedule-zones">
            {zones().map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
        </Field>
        <TextField
          id="schedule-name"
          label="Name"
          hint="Empty: the function's name."
          error={errors.name?.message}
          className="w-full"
          {...register("name")}
        />
      </div>
      <SchedulePreview expression={expression} zone={watch("zone")} />
      <Field
        id="schedule-arguments"
        label={speaksHttp ? "Body of the request, a JSON object" : "Arguments, a JSON object"}
        error={errors.arguments?.message}
        className="mt-2"
      >
        <Textarea
          id="schedule-arguments"
          rows={3}
          className="w-full font-mono text-sm"
          spellCheck={false}
          aria-invalid={errors.arguments !== undefined}
          aria-describedby={describedBy("schedule-arguments")}
          {...register("arguments")}
        />
      </Field>
      <fieldset className="flex flex-col gap-1.5">
        <legend className="mb-1 font-medium">
          Times missed while Beckon was closed or the machine slept
        </legend>
        {MISSED.map(({ value, title, text }) => (
          <label key={value} className="flex min-h-6 items-start gap-2.5">
            <input
              type="radio"
              value={value}
              className="mt-0.5 size-4 accent-accent"
              {...register("missed")}
            />
            <span>
              <span className="font-medium">{title}</span> <span className="text-muted">{text}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <label htmlFor="schedule-enabled" className="mt-1 flex min-h-6 items-center gap-2.5">
        <Checkbox id="schedule-enabled" {...register("enabled")} />
        Switched on
      </label>
    </FormDialog>
  );
}
