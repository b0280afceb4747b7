// What the kernels' tests share: the two element types, and shapes that need both kinds of access.
#pragma once
#include <cstdint>
#include <cstring>

#include "check.h"

// More accesses than threads, so that the loops go round.
const unsigned GRID = 3, BLOCK = 64;

// Some are multiples of 8, and of 4, and some of neither; 72 / 8 does not divide the number of threads.
const int SOME_CHANNELS[] = {1, 3, 5, 8, 10, 64, 72};

using Bf16 = uint16_t;

// Of all results so far: the same bits must come in any order of threads and blocks.
extern uint64_t resultHash;

// Rounding by arithmetic, where the kernels do it with the bits.
inline double roundedToBf16(double x) {
  if (!std::isfinite(x) || x == 0) return x;
  const double unit = std::ldexp(1.0, std::max(std::ilogb(x), -126) - 7);
  const double rounded = std::nearbyint(x / unit) * unit;
  return std::fabs(rounded) < std::ldexp(1.0, 128) ? rounded : std::copysign(INFINITY, x);
}

template <class T>
struct Type;

template <>
struct Type<float> {
  static constexpr const char* SUFFIX = "_f32";
  static constexpr double EPSILON = 0x1p-24;  // the largest relative error of rounding
  static float encode(float x) { return x; }
  static float decode(float x) { return x; }
};

template <>
struct Type<Bf16> {
  static constexpr const char* SUFFIX = "_bf16";
  static constexpr double EPSILON = 0x1p-8;
  static Bf16 encode(float x) {
    const float rounded = (float) roundedToBf16(x);
    uint32_t bits;
    memcpy(&bits, &rounded, 4);
    return (Bf16) (bits >> 16);
  }
  static float decode(Bf16 x) {
    const uint32_t bits = (uint32_t) x << 16;
    float value;
    memcpy(&value, &bits, 4);
    return value;
  }
};

template <class T>
float rounded(float x) {
  return Type<T>::decode(Type<T>::encode(x));
}

template <class T>
std::vector<T> encode(const std::vector<float>& x) {
  std::vector<T> bits(x.size());
  for (size_t i = 0; i < x.size(); i++) bits[i] = Type<T>::encode(x[i]);
  return bits;
}

// Repeatable values in [-1, 1) that T holds.
template <class T>
std::vector<float> typedValues(size_t n, unsigned seed) {
  auto v = values(n, seed);
  for (float& x : v) x = rounded<T>(x);
  return v;
}

template <class T>
std::vector<T> bitsOf(const Array<T>& array) {
  auto bits = array.get();
  for (size_t i = 0; i < bits.size() * sizeof(T); i++) {
    resultHash = (resultHash ^ ((const unsigned char*) bits.data())[i]) * 0x100000001B3ull;
  }
  return bits;
}

template <class T>
std::vector<float> results(const Array<T>& array) {
  std::vector<float> x;
  for (const T bits : bitsOf(array)) x.push_back(Type<T>::decode(bits));
  return x;
}

template <class... A>
void run(const std::string& name, unsigned grid, unsigned block, A... arguments) {
  const int status = launch(name.c_str(), grid, block, arguments...);
  if (status) printf("%s: error %d\n", name.c_str(), status);
  check(!status && !cudaDeviceSynchronize(), name.c_str());
}

// A kernel with one version for each type.
template <class T, class... A>
void runTyped(const char* name, unsigned grid, unsigned block, A... arguments) {
  run(std::string(name) + Type<T>::SUFFIX, grid, block, arguments...);
}

// The grids of the two stages of a sum over rows, as the host computes them.
template <class T>
unsigned sumGrid(int channels, int parts) {
  const int perAccess = 16 / (int) sizeof(T);
  const int lanes = channels % perAccess == 0 ? channels / perAccess : channels;
  int width = 1;
  while (2 * width <= std::min(lanes, 256)) width *= 2;
  return parts * ((lanes + width - 1) / width);
}

inline unsigned finishGrid(int channels) { return (channels + 7) / 8; }

// Equal up to the tolerance; NaN equals NaN, and infinity itself.
inline void same(double value, double expected, double tolerance, const char* what) {
  if (std::isnan(expected) || std::isinf(expected)) {
    check(std::isnan(expected) ? std::isnan(value) : value == expected, what);
  } else {
    near(value, expected, tolerance, what);
  }
}

// Equal as bits, but for a NaN's.
inline void exact(float value, float expected, const char* what) {
  check((value == expected && std::signbit(value) == std::signbit(expected))
            || (std::isnan(value) && std::isnan(expected)),
        what);
}
