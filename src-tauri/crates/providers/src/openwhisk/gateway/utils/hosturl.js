/** The URL of the caller's action at `path`, as a web action with the extension `ext` if `web` is set. */
function main({ path = '', web = false, ext = '' }) {
  const base = `${process.env.__OW_API_HOST}/api/v1`;
  const namespace = encodeURIComponent(process.env.__OW_NAMESPACE);
  const name = String(path).split('/').map(encodeURIComponent).join('/');
  if (!web) return { url: `${base}/namespaces/${namespace}/actions/${name}` };
  const packaged = name.includes('/') ? name : `default/${name}`;
  return { url: `${base}/web/${namespace}/${packaged}${ext ? `.${ext}` : ''}` };
}
