// Copies of images between orders.

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "export.h"
#include "threads.h"

namespace {

constexpr long PIXEL = 32;            // bytes of a pixel of 16 values in bf16
constexpr long HALF = PIXEL / 2;      // of those that are copied
constexpr long TOGETHER = 64 / HALF;  // pixels that fill a register

}  // namespace

// The methods of CpuLibrary; they get what JNI gives to static ones.

// Copies the first 8 of the 16 values in bf16 of each pixel, past the caches where whole lines of them are written.
EXPORTED void Java_org_vgg4j_backend_onednn_CpuLibrary_firstHalves(void*, void*, int64_t from, int64_t to, int64_t pixels) {
  const __m512i halves = _mm512_setr_epi64(0, 1, 4, 5, 8, 9, 12, 13);
  const char* source = reinterpret_cast<const char*>(from);
  char* target = reinterpret_cast<char*>(to);
  long groups = pixels / TOGETHER;
  bool whole = to % 64 == 0;
  everywhere(groups, [&](long begin, long end) {
    for (long i = begin; i < end; i++) {
      const char* at = source + i * TOGETHER * PIXEL;
      __m512i lower = _mm512_loadu_si512(at), upper = _mm512_loadu_si512(at + 2 * PIXEL);
      __m512i lane = _mm512_permutex2var_epi64(lower, halves, upper);
      __m512i* place = reinterpret_cast<__m512i*>(target + i * TOGETHER * HALF);
      whole ? _mm512_stream_si512(place, lane) : _mm512_storeu_si512(place, lane);
    }
    _mm_sfence();
  });
  for (long i = groups * TOGETHER; i < pixels; i++) memcpy(target + i * HALF, source + i * PIXEL, HALF);
}
