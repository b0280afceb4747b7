// Sums of the values of channels: what BatchStatistics of org.vgg4j.backend.onednn does in Java, with the same bits, in OpenMP's
// threads.

#include <algorithm>
#include <cstdint>

#include "export.h"
#include "threads.h"

namespace {

// Images (image, block of channels, pixel, place in the block); a run is a block of an image. A task sums a part of the runs of
// `together` images, in `lanes` sums beside each other.
struct Runs {
  const float* values;
  int block, blocks, images;
  int64_t run;
  int lanes;
  int64_t part;
  int parts, together, groups;
};

// Adds the upper half to the lower one until one block is left.
void halve(float* __restrict sums, int lanes, int block) {
  for (int half = lanes / 2; half >= block; half /= 2) {
    for (int i = 0; i < half; i++) sums[i] += sums[i + half];
  }
}

void add(const Runs& runs, int64_t task, float* __restrict origin, float* __restrict sum, float* __restrict square) {
  int64_t at = task / runs.parts / runs.groups;
  const float* first = runs.values + at * runs.run;
  for (int i = 0; i < runs.lanes; i++) origin[i] = first[i % runs.block];
  std::fill(sum, sum + runs.lanes, 0.f);
  std::fill(square, square + runs.lanes, 0.f);
  int64_t image = task / runs.parts % runs.groups * runs.together;
  int64_t end = std::min<int64_t>(runs.images, image + runs.together);
  for (; image < end; image++) {
    const float* run = runs.values + (image * runs.blocks + at) * runs.run;
    int64_t begin = task % runs.parts * runs.part;
    int64_t endOfPart = std::min(runs.run, begin + runs.part);
    for (; begin < endOfPart; begin += runs.lanes) {
      const float* __restrict x = run + begin;
      int length = (int)std::min<int64_t>(runs.lanes, endOfPart - begin);
      for (int i = 0; i < length; i++) {
        float value = x[i] - origin[i];
        sum[i] += value;
        square[i] += value * value;
      }
    }
  }
  halve(sum, runs.lanes, runs.block);
  halve(square, runs.lanes, runs.block);
}

}  // namespace

// A method of CpuLibrary; scratch has three times `lanes` floats for each thread.
EXPORTED void Java_org_vgg4j_backend_onednn_CpuLibrary_sums(
    void*, void*, int64_t values, int64_t sums, int64_t squares, int64_t scratch, int32_t block, int32_t blocks, int32_t images,
    int64_t run, int32_t lanes, int64_t part, int32_t parts, int32_t together, int32_t groups) {
  Runs runs{reinterpret_cast<const float*>(values), block, blocks, images, run, lanes, part, parts, together, groups};
  int64_t tasks = (int64_t)blocks * groups * parts;
#pragma omp parallel
  {
    float* origin = reinterpret_cast<float*>(scratch) + (int64_t)omp_get_thread_num() * 3 * lanes;
    float* sum = origin + lanes;
    float* square = sum + lanes;
    Range own = ::part(tasks);
    for (int64_t task = own.begin; task < own.end; task++) {
      add(runs, task, origin, sum, square);
      for (int i = 0; i < block; i++) {
        reinterpret_cast<double*>(sums)[task * block + i] = sum[i];
        reinterpret_cast<double*>(squares)[task * block + i] = square[i];
      }
    }
  }
}
