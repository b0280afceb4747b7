// Vectors of 16 floats.
#pragma once

#include <cstring>

typedef float Lane __attribute__((vector_size(64)));

constexpr int LANE = 16;

inline Lane load(const float* from) {
  Lane lane;
  memcpy(&lane, from, sizeof lane);
  return lane;
}

inline void store(Lane lane, float* to) { memcpy(to, &lane, sizeof lane); }
