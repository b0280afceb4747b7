// Work divided among OpenMP's threads by position alone, so that it does not depend on which thread comes first.
#pragma once

#include <omp.h>

struct Range {
  long begin, end;
};

// The part of this thread of so many, within a parallel region.
inline Range part(long of) {
  long thread = omp_get_thread_num(), threads = omp_get_num_threads();
  return {of * thread / threads, of * (thread + 1) / threads};
}

// Has each thread run its part of so many: task(begin, end).
template <class Task>
void everywhere(long of, Task task) {
#pragma omp parallel
  {
    Range own = part(of);
    task(own.begin, own.end);
  }
}
