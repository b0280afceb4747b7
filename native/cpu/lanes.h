// Vectors of floats.
#pragma once

#include <immintrin.h>

#include <cstring>
#include <type_traits>

typedef float Lane __attribute__((vector_size(64)));
typedef float HalfLane __attribute__((vector_size(32)));

constexpr int LANE = 16;

template <class Floats = Lane>
inline Floats load(const float* from) {
  Floats lane;
  memcpy(&lane, from, sizeof lane);
  return lane;
}

template <class Floats>
inline void store(Floats lane, float* to) {
  memcpy(to, &lane, sizeof lane);
}

// Stores a lane past the caches, to a multiple of its size.
inline void storePast(Lane lane, float* to) { _mm512_stream_ps(to, (__m512)lane); }

// Calls what is given with a number as a constant, from 1 to MOST.
template <int MOST, class Task>
inline void constant(int number, Task task) {
  if constexpr (MOST > 1) {
    if (number < MOST) return constant<MOST - 1>(number, task);
  }
  task(std::integral_constant<int, MOST>());
}
