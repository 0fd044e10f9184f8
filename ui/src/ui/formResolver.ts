import { toNestErrors } from "@hookform/resolvers";
import type { FieldError, FieldErrors, FieldValues, Resolver } from "react-hook-form";
import * as v from "valibot";

/**
 * Every problem of a form at once. The resolver of `@hookform/resolvers/valibot` leaves out what concerns several
 * fields until each of them is right by itself, so that a person would correct a form in two rounds.
 */
export function formResolver<Form extends FieldValues>(schema: v.GenericSchema<Form, Form>): Resolver<Form> {
  return (values, _context, options) => {
    const result = v.safeParse(schema, values);
    if (result.success) return { values: result.output, errors: {} };
    const problems: Record<string, FieldError> = {};
    for (const issue of result.issues) {
      const path = v.getDotPath(issue);
      if (path !== null && !(path in problems)) problems[path] = { type: issue.type, message: issue.message };
    }
    return { values: {}, errors: toNestErrors(problems, options) as FieldErrors<Form> };
  };
}
