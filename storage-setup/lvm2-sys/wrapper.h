#include <lvm2cmd.h>
/* What io_submit(2) takes. */
#include <linux/aio_abi.h>
