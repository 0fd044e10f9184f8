import { type ComponentProps, useState } from "react";
import { useNamespaces } from "@/api/queries";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { SelectField, TextField } from "@/ui/Field";

/** Where something new goes: the namespace that is known, or the one that is chosen from the connection's. */
export function usePlace(connection: string, known: string | undefined) {
  const namespaces = useNamespaces(connection, known === undefined).data ?? [];
  const [chosen, setChosen] = useState<string | null>(null);
  const namespace = known ?? chosen ?? namespaces[0]?.name ?? "";
  const field =
    known !== undefined ? null : (
      <SelectField
        id="entity-namespace"
        label="Namespace"
        value={namespace}
        onChange={(event) => setChosen(event.target.value)}
      >
        <Names all={namespaces.map(({ name }) => name)} />
      </SelectField>
    );
  return { namespace, field };
}

/** The name of something new, beside the namespace where that is asked for. */
export function NameField({
  place,
  even = false,
  ...rest
}: { place: ReturnType<typeof usePlace>["field"]; even?: boolean } & Omit<
  ComponentProps<typeof TextField>,
  "label"
>) {
  return (
    <div className={place === null ? "" : cx("grid gap-4", even ? "grid-cols-2" : "grid-cols-[1fr_200px]")}>
      <TextField label="Name" className="w-full font-mono text-sm" {...rest} />
      {place}
    </div>
  );
}

/** The options that a choice of names has. */
export function Names({ all }: { all: readonly string[] | undefined }) {
  return all?.map((name) => <option key={name}>{name}</option>);
}

/** Instead of a choice of which there is none: what to make first. */
export function Lacking({
  children,
  action,
  onMake,
}: {
  children: string;
  action: string;
  onMake: () => void;
}) {
  return (
    <div className="mb-2 flex items-center gap-3 rounded-md bg-inset px-3 py-2">
      <p className="flex-1 text-muted">{children}</p>
      <Button onClick={onMake}>{action}</Button>
    </div>
  );
}
