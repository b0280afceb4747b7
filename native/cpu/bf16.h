// Vectors of floats from bf16, and to it.
#pragma once

#include <cstdint>
#include <cstring>

#include "lanes.h"

typedef uint32_t Bits __attribute__((vector_size(64)));
typedef uint16_t Halves __attribute__((vector_size(32)));

// A value in bf16: the upper half of a float.
struct Bf16 {
  uint16_t bits;
};

inline Lane load(const Bf16* from) {
  Halves halves;
  memcpy(&halves, from, sizeof halves);
  return reinterpret_cast<Lane>(__builtin_convertvector(halves, Bits) << 16);
}

// Rounds to the nearest, in the middle to the even one; NaN stays NaN.
inline void store(Lane lane, Bf16* to) {
  Bits bits = reinterpret_cast<Bits>(lane);
  Bits rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  Bits nan = (bits >> 16) | 0x40;
  Halves halves = __builtin_convertvector(lane == lane ? rounded : nan, Halves);
  memcpy(to, &halves, sizeof halves);
}
