/** How a page reaches the panel. Errors are thrown as `CallError`, whatever the host. */
export interface Transport {
  call<T>(command: string, args: object, signal?: AbortSignal): Promise<T>;
  stream<I, R>(command: string, args: object, onItem: (item: I) => void, signal?: AbortSignal): Promise<R>;
}
