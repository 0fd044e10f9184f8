import { useState } from "react";
import { BulkText } from "./BulkText";
import { RowList } from "./RowList";
import { formatQuery, parseQuery, parseQueryText, type QueryRow, queryText } from "./rows";

interface QueryRowsProps {
  query: string;
  bulk: boolean;
  onChange: (query: string) => void;
}

export function QueryRows({ query, bulk, onChange }: QueryRowsProps) {
  // Rows that have nothing in them yet are not in the query.
  const [rows, setRows] = useState<QueryRow[]>(() => parseQuery(query));
  if (formatQuery(rows) !== query) setRows(parseQuery(query));
  const set = (next: QueryRow[]) => {
    setRows(next);
    onChange(formatQuery(next));
  };
  if (bulk) {
    return (
      <BulkText
        label="Query, a parameter a line"
        placeholder="name=value"
        text={queryText(rows)}
        onChange={(text) => set(parseQueryText(text))}
      />
    );
  }
  return (
    <RowList
      what="Parameter"
      rows={rows}
      onChange={set}
      fresh={{ name: "", value: "" }}
      changed={({ name, value }, change) => ({ name, value, ...change })}
    />
  );
}
