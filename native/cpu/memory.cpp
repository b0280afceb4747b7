// What the engine asks of memory.

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

#include "export.h"

// The methods of CpuLibrary; they get what JNI gives to static ones.

// Asks for large pages where the system gives them to who asks: with fewer pages their addresses are found sooner, and what is
// read ahead goes further. That the system may refuse changes nothing but the time.
EXPORTED void Java_org_vgg4j_backend_onednn_CpuLibrary_preferLargePages(void*, void*, int64_t address, int64_t bytes) {
  int64_t page = sysconf(_SC_PAGESIZE), begin = (address + page - 1) / page * page, end = (address + bytes) / page * page;
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}
