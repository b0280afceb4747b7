// Sums of products in registers.
#pragma once

#include <immintrin.h>

#include "lanes.h"

inline Lane all(float value) { return (Lane)_mm512_set1_ps(value); }

inline Lane multiplyAdd(Lane a, Lane b, Lane c) { return (Lane)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }

// A matrix of ROWS x LANES lanes. With 24 of them, or somewhat more, registers hold the factors as well; eight or more hide how
// long a fused multiply-add takes.
template <int ROWS, int LANES>
struct Sums {
  Lane lanes[ROWS][LANES];

  // Reads them from where rows, and lanes of a row, are so far apart.
  void read(const float* from, long row, long lane) {
#pragma GCC unroll 12
    for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 4
      for (int l = 0; l < LANES; l++) lanes[r][l] = load(from + r * row + l * lane);
    }
  }

  void write(float* to, long row, long lane) const {
#pragma GCC unroll 12
    for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 4
      for (int l = 0; l < LANES; l++) store(lanes[r][l], to + r * row + l * lane);
    }
  }

  // Sets each row to the same lanes, or to zero without them.
  void setColumns(const float* row, long lane) {
#pragma GCC unroll 12
    for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 4
      for (int l = 0; l < LANES; l++) lanes[r][l] = row ? load(row + l * lane) : Lane{};
    }
  }

  // Sets all values of a row to one, or to zero without them.
  void setRows(const float* values) {
#pragma GCC unroll 12
    for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 4
      for (int l = 0; l < LANES; l++) lanes[r][l] = all(values ? values[r] : 0);
    }
  }

  // Adds a column of values times a row of lanes.
  void add(const float* values, long value, const float* row, long lane) {
    Lane factors[LANES];
#pragma GCC unroll 4
    for (int l = 0; l < LANES; l++) factors[l] = load(row + l * lane);
#pragma GCC unroll 12
    for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 4
      for (int l = 0; l < LANES; l++) lanes[r][l] = multiplyAdd(all(values[r * value]), factors[l], lanes[r][l]);
    }
  }

  // Adds products of lanes: in place (r, l) of those at r and at l.
  void addEach(const float* column, long value, const float* row, long lane) {
    Lane factors[LANES];
#pragma GCC unroll 4
    for (int l = 0; l < LANES; l++) factors[l] = load(row + l * lane);
    addEach(column, value, factors);
  }

  void addEach(const float* column, long value, const Lane* factors) {
#pragma GCC unroll 12
    for (int r = 0; r < ROWS; r++) {
      Lane own = load(column + r * value);
      asm("" : "+v"(own));  // keeps it in a register: GCC would load it for each product
#pragma GCC unroll 4
      for (int l = 0; l < LANES; l++) lanes[r][l] = multiplyAdd(own, factors[l], lanes[r][l]);
    }
  }
};
