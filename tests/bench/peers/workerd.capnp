# One Worker, called directly: nothing of Miniflare is in the way.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [ (name = "main", worker = .functions) ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "main") ],
);

const functions :Workerd.Worker = (
  modules = [ (name = "functions", esModule = embed "workerd.js") ],
  compatibilityDate = "2025-01-01",
);
