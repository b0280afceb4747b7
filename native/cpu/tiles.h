// Images in square tiles, their transforms of minimal filtering, and back, on blocks of 16 channels.
//
// Images are planes of rows of pixels, each of which is some groups of 16 values; transformed values are (row and column within
// the tile, plane, image, row of tiles, tile of the row, pixel).
#pragma once

#include <cstdint>
#include <cstring>

#include "bf16.h"
#include "filtering.h"

alignas(64) const unsigned char ZEROS[64] = {};

// What is worked on: count images of planes of height rows of width pixels of pixel values. Of their rows of tiles, `rows` from
// `begin` on, each of `columns` tiles, the first of which begins at the row and the column `first`.
struct Work {
  void* images;
  float* tiles;
  int count, planes, height, width, pixel, first, begin, rows, columns;

  // How many rows of tiles there are, in the order of the transformed values.
  long all() const { return (long)planes * count * rows; }

  // Values from a transformed value of a tile to the next.
  long points() const { return all() * columns * pixel; }
};

// One row of tiles of one plane: `at` counts the rows of tiles.
struct Row {
  const Work& work;
  long at;

  // The plane, which counts through all images.
  long plane() const {
    long image = at / work.rows % work.count;
    return image * work.planes + at / work.rows / work.count;
  }

  // The row of tiles within the whole plane.
  int tile() const { return work.begin + (int)(at % work.rows); }

  // Where a row of the plane begins.
  template <class Value>
  Value* image(int y) const {
    return static_cast<Value*>(work.images) + (plane() * work.height + y) * work.width * work.pixel;
  }
};

// Transformed values of some tiles, on their way to memory. There each value of a tile has a place of its own far from the
// others'. Often those places share few sets of the cache, so that whoever writes tile by tile waits for each line.
template <int POINTS>
class Burst {
 public:
  Burst(float* to, long points) : to(to), points(points) {}

  ~Burst() { write(count); }

  // Where the next lane of a tile's values is put.
  Lane* next() {
    if (count == LENGTH) write(LENGTH);
    return &lanes[count++][0];
  }

 private:
  static constexpr int LENGTH = POINTS > 36 ? 4 : 8;  // 16 KiB and somewhat more

  void write(int lanesHere) {
    for (int p = 0; p < POINTS; p++) {
      for (int i = 0; i < lanesHere; i++) store(lanes[i][p], to + p * points + i * LANE);
    }
    to += lanesHere * LANE;
    count = 0;
  }

  Lane lanes[LENGTH][POINTS];
  int count = 0;
  float* to;
  long points;
};

template <class T, class Value, class Tiles>
void spread(const Row& row, int lane, Tiles& tiles) {
  constexpr int SHARED = T::IN > T::STEP ? T::IN - T::STEP : 0;  // columns that belong to the next tile, too
  const Work& work = row.work;
  const Value* from[T::IN];
  long pixel[T::IN];
  for (int k = 0; k < T::IN; k++) {
    int y = row.tile() * T::STEP + work.first + k;
    bool inside = y >= 0 && y < work.height;
    from[k] = inside ? row.image<const Value>(y) + lane : reinterpret_cast<const Value*>(ZEROS);
    pixel[k] = inside ? work.pixel : 0;
  }
  Lane columns[T::IN][T::OUT];
  auto down = [&](int x, Lane* to) {
    Lane values[T::IN];
    bool inside = x >= 0 && x < work.width;
    for (int k = 0; k < T::IN; k++) values[k] = inside ? load(from[k] + x * pixel[k]) : Lane{};
    T::run(values, to);
  };
  for (int j = 0; j < SHARED; j++) down(work.first + j, columns[j]);
  for (int tile = 0; tile < work.columns; tile++) {
    int x = tile * T::STEP + work.first;
#pragma GCC unroll 8
    for (int j = SHARED; j < T::IN; j++) down(x + j, columns[j]);
    Lane* to = tiles.next();
#pragma GCC unroll 8
    for (int k = 0; k < T::OUT; k++) {
      Lane line[T::IN];
      for (int j = 0; j < T::IN; j++) line[j] = columns[j][k];
      T::run(line, to + k * T::OUT);
    }
    for (int j = 0; j < SHARED; j++) memcpy(columns[j], columns[j + T::STEP], sizeof columns[j]);
  }
}

// What becomes of values on their way back to images: whether they are added to what is there, whether negative ones become 0,
// and whether only the largest of each 2x2 is written, to images of half the rows and columns.
struct Finish {
  bool add, relu, pool;

  Lane operator()(Lane value) const { return relu ? (value <= 0 ? Lane{} : value) : value; }
};

// A tile on its way back: taken back along the rows at first, then column by column.
template <class T>
struct Back {
  Lane lines[T::IN][T::OUT];

  Back(const float* from, long points) {
#pragma GCC unroll 8
    for (int k = 0; k < T::IN; k++) {
      Lane values[T::IN];
      for (int l = 0; l < T::IN; l++) values[l] = load(from + (k * T::IN + l) * points);
      T::run(values, lines[k]);
    }
  }

  void column(int j, Lane* values) const {
    Lane column[T::IN];
    for (int k = 0; k < T::IN; k++) column[k] = lines[k][j];
    T::run(column, values);
  }
};

// The larger of both, or what is not a number.
inline Lane larger(Lane a, Lane b) { return (a > b) | (a != a) ? a : b; }

template <class T, class Value>
void gather(const Row& row, int lane, Finish finish) {
  const Work& work = row.work;
  const float* from = work.tiles + row.at * work.columns * work.pixel + lane;
  int y = row.tile() * T::OUT;
  int rows = work.height - y < T::OUT ? work.height - y : T::OUT;
  Value* image = row.image<Value>(y) + lane;
  for (int tile = 0; tile < work.columns; tile++, from += work.pixel) {
    Back<T> back(from, work.points());
    int x = tile * T::OUT;
#pragma GCC unroll 6
    for (int j = 0; j < T::OUT; j++) {
      if (x + j >= work.width) break;
      Lane values[T::OUT];
      back.column(j, values);
      for (int k = 0; k < rows; k++) {
        Value* to = image + ((long)k * work.width + x + j) * work.pixel;
        Lane value = finish(values[k]);
        store(finish.add ? load(to) + value : value, to);
      }
    }
  }
}

// The same to pooled images. What a pooling leaves out at the end of odd rows and columns is behind the last of these, too.
template <class T, class Value>
void pool(const Row& row, int lane, Finish finish) {
  constexpr int HALF = T::OUT / 2;
  const Work& work = row.work;
  const float* from = work.tiles + row.at * work.columns * work.pixel + lane;
  int y = row.tile() * HALF;
  int rows = work.height - y < HALF ? work.height - y : HALF;
  Value* image = row.image<Value>(y) + lane;
  for (int tile = 0; tile < work.columns; tile++, from += work.pixel) {
    Back<T> back(from, work.points());
    int x = tile * HALF;
#pragma GCC unroll 3
    for (int j = 0; j < HALF; j++) {
      if (x + j >= work.width) break;
      Lane left[T::OUT], right[T::OUT];
      back.column(2 * j, left);
      back.column(2 * j + 1, right);
      for (int k = 0; k < rows; k++) {
        Lane upper = larger(left[2 * k], right[2 * k]), lower = larger(left[2 * k + 1], right[2 * k + 1]);
        store(finish(larger(upper, lower)), image + ((long)k * work.width + x + j) * work.pixel);
      }
    }
  }
}

// Transforms the rows of tiles from begin to end of all.
template <class T, class Value>
void spread(const Work& work, long begin, long end) {
  Burst<T::OUT * T::OUT> tiles(work.tiles + begin * work.columns * work.pixel, work.points());
  for (long at = begin; at < end; at++) {
    for (int lane = 0; lane < work.pixel; lane += LANE) spread<T, Value>(Row{work, at}, lane, tiles);
  }
}

// Takes the rows of tiles from begin to end of all back.
template <class T, class Value>
void gather(const Work& work, long begin, long end, Finish finish) {
  for (long at = begin; at < end; at++) {
    for (int lane = 0; lane < work.pixel; lane += LANE) {
      Row row{work, at};
      if constexpr (T::OUT % 2 == 0) {
        if (finish.pool) {
          pool<T, Value>(row, lane, finish);
          continue;
        }
      }
      gather<T, Value>(row, lane, finish);
    }
  }
}
