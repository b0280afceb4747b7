// Times every kernel and copy of a program that uses CUDA, without changing it: CUDA loads this library through
// CUDA_INJECTION64_PATH. At the end of the process it writes one line for each kernel name to $KERNEL_PROFILE
// (default kernel_profile.tsv): calls, total microseconds, name. With KERNEL_PROFILE_SKIP_S=s, nothing that began in the
// first s seconds after the first record counts (building and warm-up).
#include <cupti.h>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <vector>
#include <algorithm>

namespace {
struct Total { long long calls = 0; unsigned long long ns = 0; };
std::map<std::string, Total> totals;
std::mutex lock;
unsigned long long first = 0, begin_ns = ~0ULL, end_ns = 0, skip = 0;

void CUPTIAPI request(uint8_t **buffer, size_t *size, size_t *records) {
  *size = 8 << 20;
  *buffer = static_cast<uint8_t *>(aligned_alloc(8, *size));
  *records = 0;
}

void add(const char *name, unsigned long long start, unsigned long long end) {
  if (first == 0) first = start;
  if (start < first + skip) return;
  begin_ns = std::min(begin_ns, start);
  end_ns = std::max(end_ns, end);
  Total &total = totals[name];
  total.calls++;
  total.ns += end - start;
}

void CUPTIAPI completed(CUcontext, uint32_t, uint8_t *buffer, size_t, size_t valid) {
  std::lock_guard<std::mutex> guard(lock);
  CUpti_Activity *record = nullptr;
  while (cuptiActivityGetNextRecord(buffer, valid, &record) == CUPTI_SUCCESS) {
    if (record->kind == CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL || record->kind == CUPTI_ACTIVITY_KIND_KERNEL) {
      auto *k = reinterpret_cast<CUpti_ActivityKernel10 *>(record);
      add(k->name, k->start, k->end);
    } else if (record->kind == CUPTI_ACTIVITY_KIND_MEMCPY) {
      auto *m = reinterpret_cast<CUpti_ActivityMemcpy6 *>(record);
      const char *kind = m->copyKind == CUPTI_ACTIVITY_MEMCPY_KIND_HTOD ? "[copy host to device]"
          : m->copyKind == CUPTI_ACTIVITY_MEMCPY_KIND_DTOH ? "[copy device to host]" : "[copy]";
      add(kind, m->start, m->end);
    } else if (record->kind == CUPTI_ACTIVITY_KIND_MEMSET) {
      auto *m = reinterpret_cast<CUpti_ActivityMemset4 *>(record);
      add("[memset]", m->start, m->end);
    }
  }
  free(buffer);
}

void report() {
  cuptiActivityFlushAll(1);
  std::lock_guard<std::mutex> guard(lock);
  const char *path = getenv("KERNEL_PROFILE");
  FILE *out = fopen(path ? path : "kernel_profile.tsv", "w");
  if (!out) return;
  std::vector<std::pair<std::string, Total>> rows(totals.begin(), totals.end());
  std::sort(rows.begin(), rows.end(), [](auto &a, auto &b) { return a.second.ns > b.second.ns; });
  unsigned long long busy = 0;
  for (auto &row : rows) busy += row.second.ns;
  fprintf(out, "# wall us\t%.1f\tbusy us\t%.1f\n", end_ns > begin_ns ? (end_ns - begin_ns) / 1e3 : 0.0, busy / 1e3);
  for (auto &row : rows) fprintf(out, "%lld\t%.1f\t%s\n", row.second.calls, row.second.ns / 1e3, row.first.c_str());
  fclose(out);
}
}

extern "C" int InitializeInjection() {
  if (const char *s = getenv("KERNEL_PROFILE_SKIP_S")) skip = static_cast<unsigned long long>(atof(s) * 1e9);
  cuptiActivityRegisterCallbacks(request, completed);
  int bad = cuptiActivityEnable(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL);
  bad |= cuptiActivityEnable(CUPTI_ACTIVITY_KIND_MEMCPY);
  bad |= cuptiActivityEnable(CUPTI_ACTIVITY_KIND_MEMSET);
  if (bad) fprintf(stderr, "kernel_profile: CUPTI says %d\n", bad);
  atexit(report);
  return 1;
}
