// The products of minimal filtering: of each group, which is a place within the tiles, a matrix of transformed values times a
// matrix of transformed filters, and the gradient of the filters.
//
// A group's transformed values are (block of channels, tile, 16 channels). Its filters are blocks of 16 x 16.
#pragma once

#include <cstdint>

#include "sums.h"

// The sums in registers have up to four lanes a row, and as many rows as fit.
constexpr int MOST_LANES = 4;
constexpr int rowsOf(int lanes) { return 24 / lanes < 12 ? 24 / lanes : 12; }

// Blocks of channels that are summed up at a time, so that their filters stay in the first cache: 32 KiB.
constexpr int DEPTH = 8;

constexpr int BLOCK = LANE * LANE;  // values of a block of filters

// Groups, and of each the blocks of channels of what is computed, in panels of up to four blocks.
struct Panels {
  int groups, blocks;

  int ofGroup() const { return (blocks + MOST_LANES - 1) / MOST_LANES; }

  long count() const { return (long)groups * ofGroup(); }

  // Calls what is given with the group, the first block, and a constant, the number of blocks, of each panel from begin to end.
  template <class Task>
  void each(long begin, long end, Task task) const {
    for (long i = begin; i < end; i++) {
      int block = i % ofGroup() * MOST_LANES;
      int left = blocks - block;
      constant<MOST_LANES>(left < MOST_LANES ? left : MOST_LANES, [&](auto lanes) { task(i / ofGroup(), block, lanes); });
    }
  }
};

// Sets (group, out, tile) to sums over `in` blocks of channels; in the group `biased`, to which the biases are added if there are
// any. From a block of filters it is `inStep` blocks to that of the next channels summed over, `outStep` to that of the next sums.
struct Products {
  const float* values;
  const float* filters;
  const float* biases;
  float* sums;
  int groups, tiles, in, out, inStep, outStep, biased;

  Panels panels() const { return {groups, out}; }

  void run(long begin, long end) const {
    long plane = (long)tiles * LANE;
    panels().each(begin, end, [&](int group, int block, auto lanes) {
      constexpr int L = decltype(lanes)::value, ROWS = rowsOf(L);
      const float* from = values + group * in * plane;
      const float* by = filters + ((long)group * in * out + (long)block * outStep) * BLOCK;
      const float* bias = biases && group == biased ? biases + block * LANE : nullptr;
      float* to = sums + ((long)group * out + block) * plane;
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
};

// Sets the gradient of the filters, whose blocks are (group, out, in), or adds to it.
struct FilterProducts {
  const float* values;
  const float* gradients;
  float* filters;
  int groups, tiles, in, out;
  bool add;

  Panels panels() const { return {groups, out}; }

  void run(long begin, long end) const {
    long plane = (long)tiles * LANE;
    panels().each(begin, end, [&](int group, int block, auto lanes) {
      constexpr int L = decltype(lanes)::value, PARTS = (LANE + rowsOf(L) - 1) / rowsOf(L);
      const float* by = gradients + ((long)group * out + block) * plane;
      float* to = filters + ((long)group * out + block) * in * BLOCK;
      long lane = (long)in * BLOCK;
      for (int i = 0; i < in; i++) {
        const float* from = values + ((long)group * in + i) * plane;
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
};

// Sets the sums of a group's values over its tiles, or adds them.
inline void sumTiles(const float* values, float* sums, int tiles, int blocks, bool add) {
  for (int block = 0; block < blocks; block++) {
    const float* from = values + (long)block * tiles * LANE;
    float* to = sums + block * LANE;
    Lane sum = add ? load(to) : Lane{};
    for (int tile = 0; tile < tiles; tile++) sum += load(from + tile * LANE);
    store(sum, to);
  }
}
