/* Tells systemd how the service is (Type=notify): "READY=1", "STOPPING=1", "STATUS=...". */
#ifndef MAKEGOOD_IO_NOTIFY_H
#define MAKEGOOD_IO_NOTIFY_H

/* Nothing happens where nobody asked ($NOTIFY_SOCKET is not set). */
void notify_send(const char *state);

#endif
