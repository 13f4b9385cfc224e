// The peer listens on all interfaces and has no option; here it may have the loopback one only.
const net = require("net");
const listen = net.Server.prototype._listen2;
net.Server.prototype._listen2 = function (address, port, type, backlog, fd, flags) {
  return listen.call(this, "127.0.0.1", port, 4, backlog, fd, flags);
};
