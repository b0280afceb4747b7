#include "memory.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "state.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, bytes)
#define ASAN_UNPOISON_MEMORY_REGION(p, bytes)
#endif

namespace standin {
namespace {

const size_t PAGE = 4096;
// Address space only: memory is committed page by page.
const size_t LARGEST_RANGE = (size_t) 1 << 40, SMALLEST_RANGE = (size_t) 1 << 34;
const size_t ALIGNMENT = 256;           // as in cudaMalloc
const unsigned char CANARY = 0xA5;      // as a float, a useless number close to 0

struct Allocation {
  size_t bytes;
  char* base;
  size_t mapped;
  long serial;
  int device;
  bool live;
};

char* rangeBase;
char* rangeTop;
size_t range;
long serials;
std::map<char*, Allocation> allocations;  // all ever made, by address
std::map<char*, size_t> pinned;

bool reserveRange() {
  if (rangeBase) return true;
  // A container may limit the address space.
  for (range = LARGEST_RANGE; range >= SMALLEST_RANGE; range /= 4) {
    void* p = mmap(nullptr, range, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) continue;
    rangeBase = (char*) p;
    rangeTop = rangeBase + PAGE;
    return true;
  }
  return false;
}

bool isCanary(char* begin, char* end) {
  ASAN_UNPOISON_MEMORY_REGION(begin, end - begin);
  char* c = begin;
  while (c < end && (unsigned char) *c == CANARY) c++;
  ASAN_POISON_MEMORY_REGION(begin, end - begin);
  return c == end;
}

bool isIntact(char* user, const Allocation& a) {
  return isCanary(a.base, user) && isCanary(user + a.bytes, a.base + a.mapped);
}

void checkCanary(char* user, const Allocation& a, int* hits) {
  if (isIntact(user, a)) return;
  (*hits)++;
  complain("a write outside the bounds of allocation %ld of %zu bytes", a.serial, a.bytes);
}

}  // namespace

int deviceMalloc(void** p, size_t bytes, int device) {
  State& s = state();
  *p = nullptr;
  if (bytes == 0) return SUCCESS;
  const size_t padded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  const size_t mapped = (padded + PAGE - 1) / PAGE * PAGE;
  // Out of memory is not a violation, so it is not reported as one.
  if (bytes > freeBytes()) return s.lastError = MEMORY_ALLOCATION;
  if (!reserveRange() || rangeTop + mapped + PAGE > rangeBase + range) {
    return raise(MEMORY_ALLOCATION, "the stand-in has no addresses left");
  }
  char* base = rangeTop;
  if (mprotect(base, mapped, PROT_READ | PROT_WRITE)) {
    return raise(MEMORY_ALLOCATION, "the machine is out of memory for the stand-in");
  }
  rangeTop += mapped + PAGE;
  // As close to the guard page as the alignment allows; the rest is filled with the canary.
  char* user = base + mapped - padded;
  char* const end = base + mapped;
  memset(base, CANARY, user - base);
  memset(user + bytes, CANARY, end - (user + bytes));
  // Under AddressSanitizer even a read there is an error.
  ASAN_POISON_MEMORY_REGION(base, user - base);
  ASAN_POISON_MEMORY_REGION(user + bytes, end - (user + bytes));
  // Memory that was never written holds NaN.
  for (size_t i = 0; i + 4 <= bytes; i += 4) {
    const uint32_t nan = 0x7fc0dead;
    memcpy(user + i, &nan, 4);
  }
  allocations[user] = {bytes, base, mapped, ++serials, device, true};
  s.live[ALLOCATION]++;
  s.liveBytes += bytes;
  notePeak();
  *p = user;
  return SUCCESS;
}

int deviceFree(void* p, const char* function) {
  if (!p) return SUCCESS;
  State& s = state();
  auto found = allocations.find((char*) p);
  if (found == allocations.end()) {
    return raise(INVALID_VALUE, "%s of %p, which no allocation returned", function, p);
  }
  Allocation& a = found->second;
  if (!a.live) {
    return raise(INVALID_VALUE, "%s of allocation %ld for the second time", function, a.serial);
  }
  int hits = 0;
  checkCanary(found->first, a, &hits);
  a.live = false;
  s.live[ALLOCATION]--;
  s.liveBytes -= a.bytes;
  madvise(a.base, a.mapped, MADV_DONTNEED);
  mprotect(a.base, a.mapped, PROT_NONE);
  return SUCCESS;
}

bool isDevice(const void* p) {
  return rangeBase && (char*) p >= rangeBase && (char*) p < rangeBase + range;
}

bool isLive(const void* p, size_t bytes) {
  auto after = allocations.upper_bound((char*) p);
  if (after == allocations.begin()) return false;
  const auto& found = *--after;
  const size_t offset = (char*) p - found.first;
  return found.second.live && offset <= found.second.bytes && bytes <= found.second.bytes - offset;
}

int deviceOf(const void* p) {
  auto after = allocations.upper_bound((char*) p);
  if (after == allocations.begin()) return -1;
  const auto& found = *--after;
  const bool isInside = (size_t) ((char*) p - found.first) < found.second.bytes;
  return isInside && found.second.live ? found.second.device : -1;
}

bool isPinned(const void* p, size_t bytes) {
  auto after = pinned.upper_bound((char*) p);
  if (after == pinned.begin()) return false;
  const auto& found = *--after;
  const size_t offset = (char*) p - found.first;
  return offset <= found.second && bytes <= found.second - offset;
}

int pinnedMalloc(void** p, size_t bytes) {
  *p = nullptr;
  if (bytes == 0) return SUCCESS;
  if (posix_memalign(p, PAGE, bytes)) return state().lastError = MEMORY_ALLOCATION;
  pinned[(char*) *p] = bytes;
  state().live[PINNED]++;
  return SUCCESS;
}

int pinnedFree(void* p) {
  if (!p) return SUCCESS;
  if (!pinned.erase((char*) p)) {
    return raise(INVALID_VALUE, "cudaFreeHost of %p, which cudaMallocHost did not return", p);
  }
  state().live[PINNED]--;
  free(p);
  return SUCCESS;
}

int checkCanaries() {
  int hits = 0;
  for (auto& a : allocations) {
    if (a.second.live) checkCanary(a.first, a.second, &hits);
  }
  return hits;
}

bool isOperand(const char* function, const char* name, const void* p, size_t bytes) {
  if (!isDevice(p)) {
    complain("%s: %s is %p, not a device pointer", function, name, p);
  } else if (!isLive(p, bytes)) {
    complain("%s: %s needs %zu bytes at %p, which exceed its allocation", function, name, bytes, p);
  } else if ((uintptr_t) p % 16) {
    complain("%s: %s at %p is not aligned to 16 bytes", function, name, p);
  } else {
    return true;
  }
  return false;
}

}  // namespace standin
