// The products of minimal filtering: of each group, which is a place within the tiles, a matrix of transformed values times a
// matrix of transformed filters, and the gradient of the filters. org.vgg4j.backend.onednn.OneDnnProducts has oneDNN do the same.
//
// A group's transformed values are (block of channels, tile, 16 channels). Its filters are blocks of 16 x 16.

#include <omp.h>

#include <cstdint>

#include "export.h"
#include "sums.h"

namespace {

// The sums in registers have up to four lanes a row, and as many rows as fit.
constexpr int MOST_LANES = 4;
constexpr int rowsOf(int lanes) { return 24 / lanes < 12 ? 24 / lanes : 12; }

// Blocks of channels that are summed up at a time, so that their filters stay in the first cache: 32 KiB.
constexpr int DEPTH = 8;

constexpr int BLOCK = LANE * LANE;  // values of a block of filters

// Divides the groups, and of each the blocks of channels of the filters' outputs, among the threads by position alone.
template <class Task>
void everywhere(int groups, int blocks, Task task) {
  int panels = (blocks + MOST_LANES - 1) / MOST_LANES;
#pragma omp parallel for schedule(static)
  for (int i = 0; i < groups * panels; i++) {
    int block = i % panels * MOST_LANES;
    int left = blocks - block;
    constant<MOST_LANES>(left < MOST_LANES ? left : MOST_LANES, [&](auto lanes) { task(i / panels, block, lanes); });
  }
}

}  // namespace

// The methods of NativeProducts; they get what JNI gives to static ones.

// Sets (group, out, tile) to sums over `in` blocks of channels; in the group `biased`, to which the biases are added if there are
// any. From a block of filters it is `inStep` blocks to that of the next channels summed over, `outStep` to that of the next sums.
EXPORTED void Java_org_vgg4j_backend_onednn_NativeProducts_multiply(
    void*, void*, int64_t values, int64_t filters, int64_t biases, int64_t sums, int32_t groups, int32_t tiles, int32_t in,
    int32_t out, int32_t inStep, int32_t outStep, int32_t biased) {
  long plane = (long)tiles * LANE;
  everywhere(groups, out, [&](int group, int block, auto lanes) {
    constexpr int L = decltype(lanes)::value, ROWS = rowsOf(L);
    const float* from = reinterpret_cast<const float*>(values) + group * in * plane;
    const float* by = reinterpret_cast<const float*>(filters) + ((long)group * in * out + (long)block * outStep) * BLOCK;
    const float* bias = biases && group == biased ? reinterpret_cast<const float*>(biases) + block * LANE : nullptr;
    float* to = reinterpret_cast<float*>(sums) + ((long)group * out + block) * plane;
    int parts = (tiles + ROWS - 1) / ROWS;
    for (int first = 0; first < in; first += DEPTH) {
      int end = in - first < DEPTH ? in : first + DEPTH;
      for (int part = 0; part < parts; part++) {
        long tile = (long)tiles * part / parts;
        long next = (long)tiles * (part + 1) / parts;
        constant<ROWS>(next - tile, [&](auto rows) {
          Sums<decltype(rows)::value, L> own;
          float* place = to + tile * LANE;
          if (first == 0) {
            own.setColumns(bias, LANE);
          } else {
            own.read(place, LANE, plane);
          }
          for (int i = first; i < end; i++) {
            const float* value = from + i * plane + tile * LANE;
            const float* filter = by + (long)i * inStep * BLOCK;
#pragma GCC unroll 1
            for (int c = 0; c < LANE; c++) own.add(value + c, LANE, filter + c * LANE, (long)outStep * BLOCK);
          }
          own.write(place, LANE, plane);
        });
      }
    }
  });
}

// Sets the gradient of the filters, whose blocks are (group, out, in), or adds to it.
EXPORTED void Java_org_vgg4j_backend_onednn_NativeProducts_weights(
    void*, void*, int64_t values, int64_t gradients, int64_t filters, int32_t groups, int32_t tiles, int32_t in, int32_t out,
    uint8_t add) {
  long plane = (long)tiles * LANE;
  everywhere(groups, out, [&](int group, int block, auto lanes) {
    constexpr int L = decltype(lanes)::value, PARTS = (LANE + rowsOf(L) - 1) / rowsOf(L);
    const float* by = reinterpret_cast<const float*>(gradients) + ((long)group * out + block) * plane;
    float* to = reinterpret_cast<float*>(filters) + ((long)group * out + block) * in * BLOCK;
    long lane = (long)in * BLOCK;
    for (int i = 0; i < in; i++) {
      const float* from = reinterpret_cast<const float*>(values) + ((long)group * in + i) * plane;
      for (int part = 0; part < PARTS; part++) {
        int first = LANE * part / PARTS;
        int next = LANE * (part + 1) / PARTS;
        constant<rowsOf(L)>(next - first, [&](auto rows) {
          Sums<decltype(rows)::value, L> own;
          float* place = to + i * BLOCK + first * LANE;
          if (add) {
            own.read(place, LANE, lane);
          } else {
            own.setColumns(nullptr, 0);
          }
#pragma GCC unroll 1
          for (int tile = 0; tile < tiles; tile++) own.add(from + tile * LANE + first, 1, by + tile * LANE, plane);
          own.write(place, LANE, lane);
        });
      }
    }
  });
}

// Sets the sums of a group's values over its tiles.
EXPORTED void Java_org_vgg4j_backend_onednn_NativeProducts_sums(void*, void*, int64_t values, int64_t sums, int32_t tiles,
                                                              int32_t blocks) {
  for (int block = 0; block < blocks; block++) {
    const float* from = reinterpret_cast<const float*>(values) + (long)block * tiles * LANE;
    Lane sum{};
    for (int tile = 0; tile < tiles; tile++) sum += load(from + tile * LANE);
    store(sum, reinterpret_cast<float*>(sums) + block * LANE);
  }
}
