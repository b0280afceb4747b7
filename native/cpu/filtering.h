// The transforms of minimal filtering (Winograd, 1980; Lavin and Gray, 2016) along one axis: F(4, 3) with the points 0, 1, -1, 2,
// -2 and infinity, and F(6, 3) with 1/2 and -1/2 as well.
//
// A transform takes IN values to OUT; STEP is from a tile of an image, or of filters, to the next. With values x of the input, w
// of the filter and y of the output: y = Output(Filter(w) * Input(x)); and with the gradient dy of y, dw =
// FilterGradient(Input(x) * OutputGradient(dy)).
#pragma once

#include "lanes.h"

// Sets a + b and a - b.
inline void both(Lane a, Lane b, Lane* to) {
  to[0] = a + b;
  to[1] = a - b;
}

template <int TILE>
struct Input;

template <>
struct Input<4> {
  static constexpr int IN = 6, OUT = 6, STEP = 4;
  static inline void run(const Lane* x, Lane* to) {
    to[0] = 4 * x[0] - 5 * x[2] + x[4];
    both(x[4] - 4 * x[2], x[3] - 4 * x[1], to + 1);
    both(x[4] - x[2], 2 * (x[3] - x[1]), to + 3);
    to[5] = 4 * x[1] - 5 * x[3] + x[5];
  }
};

template <>
struct Input<6> {
  static constexpr int IN = 8, OUT = 8, STEP = 6;
  static inline void run(const Lane* x, Lane* to) {
    to[0] = x[0] - x[6] + 5.25f * (x[4] - x[2]);
    both(x[2] + x[6] - 4.25f * x[4], x[1] + x[5] - 4.25f * x[3], to + 1);
    both(.25f * x[2] - 1.25f * x[4] + x[6], .5f * x[1] - 2.5f * x[3] + 2 * x[5], to + 3);
    both(4 * x[2] - 5 * x[4] + x[6], 2 * x[1] - 2.5f * x[3] + .5f * x[5], to + 5);
    to[7] = x[7] - x[1] + 5.25f * (x[3] - x[5]);
  }
};

template <int TILE>
struct Output;

template <>
struct Output<4> {
  static constexpr int IN = 6, OUT = 4, STEP = 4;
  static inline void run(const Lane* m, Lane* to) {
    Lane near = m[1] + m[2], nearOdd = m[1] - m[2];
    Lane far = m[3] + m[4], farOdd = m[3] - m[4];
    to[0] = m[0] + near + far;
    to[1] = nearOdd + 2 * farOdd;
    to[2] = near + 4 * far;
    to[3] = nearOdd + 8 * farOdd + m[5];
  }
};

template <>
struct Output<6> {
  static constexpr int IN = 8, OUT = 6, STEP = 6;
  static inline void run(const Lane* m, Lane* to) {
    Lane one = m[1] + m[2], oneOdd = m[1] - m[2];
    Lane two = m[3] + m[4], twoOdd = m[3] - m[4];
    Lane half = m[5] + m[6], halfOdd = m[5] - m[6];
    to[0] = m[0] + one + two + 32 * half;
    to[1] = oneOdd + 2 * twoOdd + 16 * halfOdd;
    to[2] = one + 4 * two + 8 * half;
    to[3] = oneOdd + 8 * twoOdd + 4 * halfOdd;
    to[4] = one + 16 * two + 2 * half;
    to[5] = oneOdd + 32 * twoOdd + halfOdd + m[7];
  }
};

template <int TILE>
struct OutputGradient;

template <>
struct OutputGradient<4> {
  static constexpr int IN = 4, OUT = 6, STEP = 4;
  static inline void run(const Lane* dy, Lane* to) {
    to[0] = dy[0];
    both(dy[0] + dy[2], dy[1] + dy[3], to + 1);
    both(dy[0] + 4 * dy[2], 2 * dy[1] + 8 * dy[3], to + 3);
    to[5] = dy[3];
  }
};

template <>
struct OutputGradient<6> {
  static constexpr int IN = 6, OUT = 8, STEP = 6;
  static inline void run(const Lane* dy, Lane* to) {
    to[0] = dy[0];
    both(dy[0] + dy[2] + dy[4], dy[1] + dy[3] + dy[5], to + 1);
    both(dy[0] + 4 * dy[2] + 16 * dy[4], 2 * dy[1] + 8 * dy[3] + 32 * dy[5], to + 3);
    both(32 * dy[0] + 8 * dy[2] + 2 * dy[4], 16 * dy[1] + 4 * dy[3] + dy[5], to + 5);
    to[7] = dy[5];
  }
};

constexpr float QUARTER = 1 / 4.f, SIXTH = 1 / 6.f, TWELFTH = 1 / 12.f, TWENTY_FOURTH = 1 / 24.f;
constexpr float TWO_NINTHS = 2 / 9.f, NINETIETH = 1 / 90.f;

// A filter's values at the points, from its taps.
template <int TILE>
inline void filter(Lane a, Lane b, Lane c, Lane* to);

template <>
inline void filter<4>(Lane a, Lane b, Lane c, Lane* to) {
  to[0] = QUARTER * a;
  both(-SIXTH * a + -SIXTH * c, -SIXTH * b, to + 1);
  both(TWENTY_FOURTH * a + SIXTH * c, TWELFTH * b, to + 3);
  to[5] = c;
}

template <>
inline void filter<6>(Lane a, Lane b, Lane c, Lane* to) {
  to[0] = a;
  both(-TWO_NINTHS * (a + c), -TWO_NINTHS * b, to + 1);
  both(NINETIETH * (a + 4 * c), NINETIETH * 2 * b, to + 3);
  both(NINETIETH * (2 * a + .5f * c), NINETIETH * b, to + 5);
  to[7] = c;
}

template <int TILE>
struct Filter {
  static constexpr int IN = 3, OUT = TILE + 2, STEP = 3;
  static inline void run(const Lane* w, Lane* to) { filter<TILE>(w[0], w[1], w[2], to); }
};

// Of the last tap first: what takes an output's gradient to the input's.
template <int TILE>
struct FlippedFilter {
  static constexpr int IN = 3, OUT = TILE + 2, STEP = 3;
  static inline void run(const Lane* w, Lane* to) { filter<TILE>(w[2], w[1], w[0], to); }
};

// From a transformed filter to its taps.
template <int TILE>
struct FilterBack;

template <>
struct FilterBack<4> {
  static constexpr int IN = 6, OUT = 3, STEP = 3;
  static inline void run(const Lane* u, Lane* to) {
    to[0] = 4 * u[0];
    to[1] = 3 * (u[2] - u[1]);
    to[2] = u[5];
  }
};

template <>
struct FilterBack<6> {
  static constexpr int IN = 8, OUT = 3, STEP = 3;
  static inline void run(const Lane* u, Lane* to) {
    to[0] = u[0];
    to[1] = 2.25f * (u[2] - u[1]);
    to[2] = u[7];
  }
};

template <int TILE>
struct FilterGradient;

template <>
struct FilterGradient<4> {
  static constexpr int IN = 6, OUT = 3, STEP = 3;
  static inline void run(const Lane* m, Lane* to) {
    Lane near = SIXTH * (m[1] + m[2]);
    Lane far = SIXTH * (m[3] + m[4]);
    to[0] = QUARTER * (m[0] + far) - near;
    to[1] = TWELFTH * (m[3] - m[4]) - SIXTH * (m[1] - m[2]);
    to[2] = far - near + m[5];
  }
};

template <>
struct FilterGradient<6> {
  static constexpr int IN = 8, OUT = 3, STEP = 3;
  static inline void run(const Lane* m, Lane* to) {
    Lane one = TWO_NINTHS * (m[1] + m[2]);
    Lane two = NINETIETH * (m[3] + m[4]);
    Lane half = NINETIETH * (m[5] + m[6]);
    to[0] = m[0] - one + two + 2 * half;
    to[1] = NINETIETH * (2 * (m[3] - m[4]) + (m[5] - m[6])) - TWO_NINTHS * (m[1] - m[2]);
    to[2] = 4 * two + .5f * half - one + m[7];
  }
};
