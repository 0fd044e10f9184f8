import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";

/** The address follows this long after the last change: each step of typing is no page of its own. */
const WRITE_AFTER_MS = 250;

/** A value that lives in the address (`?q=`, `?id=`): followed when a link changes it, written back when it changes. */
export function useUrlState(name: "q" | "id"): [string, (value: string) => void] {
  const search: { q?: string; id?: string } = useSearch({ strict: false });
  const navigate = useNavigate();
  const inUrl = search[name] ?? "";
  const [value, setValue] = useState(inUrl);
  const written = useRef(inUrl);

  useEffect(() => {
    if (inUrl === written.current) return;
    written.current = inUrl;
    setValue(inUrl);
  }, [inUrl]);

  useEffect(() => {
    if (value === written.current) return;
    const timer = setTimeout(() => {
      written.current = value;
      void navigate({
        to: ".",
        search: (before: Record<string, unknown>) => ({
          ...before,
          [name]: value === "" ? undefined : value,
        }),
        replace: true,
      });
    }, WRITE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [value, name, navigate]);

  return [value, setValue];
}
