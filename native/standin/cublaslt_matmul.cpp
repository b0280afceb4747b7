// cublasLt's heuristic and its products: column-major, single precision or bfloat16.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "arithmetic.h"
#include "cublaslt.h"
#include "memory.h"
#include "streams.h"

using namespace standin;

namespace {

const int SPLITS = 4;
const size_t COUNTERS = 64 * 1024;  // of a reduction in place
const uint64_t MAGIC = 0x7667673474ull;

// What a program keeps as cublasLtMatmulAlgo_t: 64 bytes of its own.
struct Algorithm {
  uint64_t magic, problem;
  uint64_t workspace;
  uint32_t reduction;
  uint32_t alignments[4];  // of A, B, C, D
  uint32_t vectorAlignment, auxAlignment, unused[3];
};
static_assert(sizeof(Algorithm) == 64, "cublasLtMatmulAlgo_t has 64 bytes");

struct Result {
  Algorithm algorithm;
  size_t workspace;
  int status;
  float waves;
  int reserved[4];
};
static_assert(sizeof(Result) == 96, "cublasLtMatmulHeuristicResult_t has 96 bytes");

// One product, checked; the descriptors may change or go while it waits on its stream.
struct Problem {
  LtOperation operation;
  LtLayout a, b, c, d;
  long m, n, k;

  bool has(uint32_t part) const { return operation.epilogue & part; }
  bool hasVector() const {
    return has(EPILOGUE_BIAS | EPILOGUE_BGRAD | EPILOGUE_BGRADA | EPILOGUE_BGRADB);
  }
  bool writesVector() const { return hasVector() && !has(EPILOGUE_BIAS); }
  int vectorType() const {
    return operation.vectorType == DATA_NONE ? d.type : operation.vectorType;
  }
  size_t vectorBytes() const {
    return (has(EPILOGUE_BGRADB) ? n : m) * (vectorType() == DATA_F32 ? 4 : 2);
  }
  size_t auxBytes() const { return (size_t) operation.auxLeading * n / 8; }

  // The same for equal problems, whatever their pointers.
  uint64_t key() const {
    uint64_t hash = 14695981039346656037ull;
    const uint64_t parts[] = {
        (uint64_t) operation.compute, (uint64_t) operation.transA, (uint64_t) operation.transB,
        operation.epilogue, (uint64_t) vectorType(), (uint64_t) operation.auxLeading,
        (uint64_t) a.type, a.rows, a.columns, (uint64_t) a.leading, (uint64_t) b.type, b.rows, b.columns,
        (uint64_t) b.leading, (uint64_t) c.leading, (uint64_t) d.type, d.rows, d.columns,
        (uint64_t) d.leading};
    for (uint64_t part : parts) hash = (hash ^ part) * 1099511628211ull;
    return hash;
  }
};

// 0, or why no GPU's cublasLt computes this.
int unsupported(const char* function, const Problem& p) {
  const LtOperation& o = p.operation;
  if (p.a.type != p.b.type || p.c.type != p.d.type || (p.a.type == DATA_F32 && p.d.type != DATA_F32)
      || (p.a.type == DATA_BF16 && o.compute != COMPUTE_F32)) {
    complain("%s: types %d, %d, %d, %d with compute type %d are not in the stand-in", function, p.a.type,
             p.b.type, p.c.type, p.d.type, o.compute);
    return BLAS_NOT_SUPPORTED;
  }
  if (p.hasVector() && p.vectorType() != p.d.type) {
    complain("%s: a bias or its gradient of type %d beside an output of type %d", function, p.vectorType(),
             p.d.type);
    return BLAS_INVALID_VALUE;  // as an H200 answered
  }
  if (p.hasVector() && !o.vector) {
    complain("%s: an epilogue with a bias, and no pointer to tell its alignment", function);
    return BLAS_INVALID_VALUE;
  }
  if (p.has(EPILOGUE_AUX) && (!o.aux || o.auxLeading % 128 || o.auxLeading < p.m)) {
    complain("%s: ReLU's bits at %p, a column of %ld every %lld", function, o.aux, p.m,
             (long long) o.auxLeading);
    return BLAS_INVALID_VALUE;
  }
  return BLAS_OK;
}

int describe(
    const Call& call, void* handle, void* operation, void* a, void* b, void* c, void* d, Problem* p) {
  if (!ltHandles().find(call, handle)) return BLAS_NOT_INITIALIZED;
  LtOperation* o = ltOperations().find(call, operation);
  LtLayout* layouts[4] = {};
  void* const handles[4] = {a, b, c, d};
  for (int i = 0; i < 4; i++) layouts[i] = ltLayouts().find(call, handles[i]);
  if (!o || std::count(layouts, layouts + 4, nullptr)) return BLAS_INVALID_VALUE;
  *p = {*o, *layouts[0], *layouts[1], *layouts[2], *layouts[3], 0, 0, 0};
  p->m = o->transA ? p->a.columns : p->a.rows;
  p->k = o->transA ? p->a.rows : p->a.columns;
  p->n = o->transB ? p->b.rows : p->b.columns;
  const long inner = o->transB ? p->b.columns : p->b.rows;
  if (inner != p->k || (long) p->d.rows != p->m || (long) p->d.columns != p->n || p->c.rows != p->d.rows
      || p->c.columns != p->d.columns) {
    complain("%s: op(A) is %ldx%ld, op(B) %ldx%ld, C %lldx%lld, D %lldx%lld", call.function(), p->m, p->k,
             inner, p->n, (long long) p->c.rows, (long long) p->c.columns, (long long) p->d.rows,
             (long long) p->d.columns);
    return BLAS_INVALID_VALUE;
  }
  return unsupported(call.function(), *p);
}

uint32_t alignmentOf(const void* pointer) {
  uint32_t alignment = 16;
  while (alignment > 1 && (uintptr_t) pointer % alignment) alignment /= 2;
  return alignment;
}

// The algorithms for a problem, the fastest first, as the real heuristic orders them.
std::vector<Algorithm> algorithms(const Problem& p, const LtPreference& preference) {
  std::vector<Algorithm> found;
  const size_t elements = (size_t) p.m * p.n;
  auto offer = [&](uint32_t reduction, size_t workspace) {
    if ((reduction & preference.reductions) != reduction || workspace > preference.workspace) return;
    Algorithm algorithm = {MAGIC, p.key(), workspace, reduction, {},
                           alignmentOf(p.operation.vector), alignmentOf(p.operation.aux), {}};
    std::copy_n(preference.alignments, 4, algorithm.alignments);
    found.push_back(algorithm);
  };
  // A gradient's sum over one row would be its copy: nobody wrote a kernel for it.
  if (p.has(EPILOGUE_BGRADA | EPILOGUE_BGRADB) && p.k == 1) return found;
  if (p.k >= SPLITS && !p.has(EPILOGUE_AUX)) {
    offer(SPLIT_OUTPUT, SPLITS * elements * p.d.elementBytes());
    offer(SPLIT_COMPUTE, SPLITS * elements * 4);
    offer(SPLIT_INPLACE, COUNTERS);
  }
  offer(SPLIT_NONE, 0);
  return found;
}

float read(const void* values, size_t i, int type) {
  return type == DATA_F32 ? ((const float*) values)[i] : fromBf16(((const uint16_t*) values)[i]);
}

float rounded(double value, int type) {
  return type == DATA_F32 ? (float) value : fromBf16(toBf16((float) value));
}

void write(void* values, size_t i, int type, double value) {
  if (type == DATA_F32) {
    ((float*) values)[i] = (float) value;
  } else {
    ((uint16_t*) values)[i] = toBf16((float) value);
  }
}

// To row-major (rows, columns) of op(matrix).
std::vector<float> unpack(const void* source, const LtLayout& matrix, bool transposed, bool tf32) {
  std::vector<float> values(matrix.rows * matrix.columns);
  for (size_t column = 0; column < matrix.columns; column++) {
    for (size_t row = 0; row < matrix.rows; row++) {
      const float value = read(source, column * matrix.leading + row, matrix.type);
      values[transposed ? column * matrix.rows + row : row * matrix.columns + column] =
          tf32 ? toTf32(value) : value;
    }
  }
  return values;
}

// op(A) op(B), row-major: in parts that are rounded before they are added when the algorithm splits k.
std::vector<double> multiplied(
    const Problem& p, uint32_t reduction, const std::vector<float>& left, const std::vector<float>& right) {
  std::vector<double> sum((size_t) p.m * p.n), part;
  if (reduction == SPLIT_NONE) {
    multiply(p.m, p.n, p.k, left.data(), right.data(), sum.data());
    return sum;
  }
  const int type = reduction == SPLIT_COMPUTE ? (int) DATA_F32 : p.d.type;
  part.resize(sum.size());
  for (int s = 0; s < SPLITS; s++) {
    const long first = p.k * s / SPLITS, depth = p.k * (s + 1) / SPLITS - first;
    std::vector<float> columns;
    for (long i = 0; i < p.m; i++) {
      columns.insert(columns.end(), left.begin() + i * p.k + first, left.begin() + i * p.k + first + depth);
    }
    multiply(p.m, p.n, depth, columns.data(), right.data() + first * p.n, part.data());
    for (size_t i = 0; i < sum.size(); i++) sum[i] = rounded(sum[i] + rounded(part[i], type), type);
  }
  return sum;
}

struct Pointers {
  const void *a, *b, *c;
  void* d;
};

// Column j of D's row i, after the epilogue.
double finish(const Problem& p, double value, long i, long j) {
  const LtOperation& o = p.operation;
  if (p.has(EPILOGUE_BIAS)) value += read(o.vector, i, p.vectorType());
  auto* bits = (unsigned char*) o.aux + (j * o.auxLeading + i) / 8;
  const unsigned char bit = 1u << (i % 8);
  if (p.has(EPILOGUE_RELU)) {
    if (p.has(EPILOGUE_AUX)) *bits = value > 0 ? *bits | bit : *bits & ~bit;
    if (value <= 0) value = 0;  // NaN stays
  }
  if (p.has(EPILOGUE_DRELU) && !(*bits & bit)) value = 0;
  return value;
}

void compute(const Problem& p, uint32_t reduction, const Pointers& at, float alpha, float beta) {
  const LtOperation& o = p.operation;
  const bool tf32 = o.compute == COMPUTE_TF32;
  const std::vector<double> product = multiplied(
      p, reduction, unpack(at.a, p.a, o.transA, tf32), unpack(at.b, p.b, o.transB, tf32));
  std::vector<double> sums(p.has(EPILOGUE_BGRADB) ? p.n : p.m);
  for (long j = 0; j < p.n; j++) {
    for (long i = 0; i < p.m; i++) {
      double value = (double) alpha * product[i * p.n + j];
      if (beta != 0) value += (double) beta * read(at.c, j * p.c.leading + i, p.c.type);
      value = finish(p, value, i, j);
      write(at.d, j * p.d.leading + i, p.d.type, value);
      if (p.has(EPILOGUE_BGRAD)) sums[i] += value;
    }
  }
  // An H200's sums beside a TF32 product were those of the inputs themselves.
  if (p.has(EPILOGUE_BGRADA)) {
    const std::vector<float> left = unpack(at.a, p.a, o.transA, false);
    for (long i = 0; i < p.m; i++) for (long q = 0; q < p.k; q++) sums[i] += left[i * p.k + q];
  }
  if (p.has(EPILOGUE_BGRADB)) {
    const std::vector<float> right = unpack(at.b, p.b, o.transB, false);
    for (long q = 0; q < p.k; q++) for (long j = 0; j < p.n; j++) sums[j] += right[q * p.n + j];
  }
  if (!p.writesVector()) return;
  for (size_t i = 0; i < sums.size(); i++) write(o.vector, i, p.vectorType(), sums[i]);
}

// A range of device memory that a product reads or writes.
struct Range {
  const char* name;
  const void* pointer;
  size_t bytes;
  uint32_t alignment;
  bool written;
};

std::vector<Range> ranges(
    const Problem& p, const Algorithm& algorithm, const Pointers& at, float beta, void* workspace) {
  const LtOperation& o = p.operation;
  std::vector<Range> all = {{"A", at.a, p.a.bytes(), algorithm.alignments[0], false},
                            {"B", at.b, p.b.bytes(), algorithm.alignments[1], false},
                            {"D", at.d, p.d.bytes(), algorithm.alignments[3], true}};
  // C may be D.
  if (beta != 0 && at.c != at.d) all.push_back({"C", at.c, p.c.bytes(), algorithm.alignments[2], false});
  if (p.hasVector()) {
    all.push_back({"the bias", o.vector, p.vectorBytes(), algorithm.vectorAlignment, p.writesVector()});
  }
  if (p.has(EPILOGUE_AUX)) {
    all.push_back({"ReLU's bits", o.aux, p.auxBytes(), algorithm.auxAlignment, p.has(EPILOGUE_RELU)});
  }
  if (algorithm.workspace) all.push_back({"the workspace", workspace, algorithm.workspace, 16, true});
  return all;
}

bool areDisjoint(const char* function, const std::vector<Range>& all) {
  for (size_t i = 0; i < all.size(); i++) for (size_t j = i + 1; j < all.size(); j++) {
    const Range &one = all[i], &other = all[j];
    if (!one.written && !other.written) continue;
    const char *first = (const char*) one.pointer, *second = (const char*) other.pointer;
    if (first >= second + other.bytes || second >= first + one.bytes) continue;
    complain("%s: %s and %s overlap", function, one.name, other.name);
    return false;
  }
  return true;
}

int checkRanges(const char* function, const std::vector<Range>& all) {
  for (const Range& one : all) {
    if (!isOperand(function, one.name, one.pointer, one.bytes)) {
      state().stickyError = ILLEGAL_ADDRESS;  // a GPU would only notice when it runs
      return BLAS_EXECUTION_FAILED;
    }
    if ((uintptr_t) one.pointer % one.alignment) {
      complain("%s: %s at %p is not aligned to %u bytes, as its algorithm was promised", function, one.name,
               one.pointer, one.alignment);
      return BLAS_INVALID_VALUE;
    }
  }
  return areDisjoint(function, all) ? BLAS_OK : BLAS_INVALID_VALUE;
}

int checkAlgorithm(
    const char* function, const Problem& p, const Algorithm* algorithm, size_t workspaceBytes) {
  if (!algorithm || algorithm->magic != MAGIC || algorithm->problem != p.key()) {
    complain("%s: %s", function,
             algorithm ? "an algorithm of another product" : "no algorithm: each call would search one");
    return BLAS_INVALID_VALUE;
  }
  if (workspaceBytes < algorithm->workspace) {
    complain("%s: %zu bytes of workspace, and the algorithm needs %llu", function, workspaceBytes,
             (unsigned long long) algorithm->workspace);
    return BLAS_INVALID_VALUE;
  }
  return BLAS_OK;
}

}  // namespace

STANDIN_API int cublasLtMatmulAlgoGetHeuristic(
    void* handle, void* operation, void* a, void* b, void* c, void* d, void* preference, int requested,
    void* results, int* returned) {
  Call call(Library::CUBLAS, "cublasLtMatmulAlgoGetHeuristic");
  if (call.status()) return call.status();
  Problem p;
  if (int status = describe(call, handle, operation, a, b, c, d, &p)) return status;
  LtPreference* wanted = ltPreferences().find(call, preference);
  if (!wanted || requested <= 0 || !results || !returned) return BLAS_INVALID_VALUE;
  const std::vector<Algorithm> found = algorithms(p, *wanted);
  *returned = std::min(requested, (int) found.size());
  for (int i = 0; i < *returned; i++) {
    ((Result*) results)[i] = {found[i], found[i].workspace, BLAS_OK, 1.0f, {}};
  }
  return *returned ? BLAS_OK : BLAS_NOT_SUPPORTED;
}

STANDIN_API int cublasLtMatmul(
    void* handle, void* operation, const void* alpha, const void* a, void* layoutA, const void* b,
    void* layoutB, const void* beta, const void* c, void* layoutC, void* d, void* layoutD,
    const void* algorithm, void* workspace, size_t workspaceBytes, void* stream) {
  Call call(Library::CUBLAS, "cublasLtMatmul");
  if (call.status()) return call.status();
  Problem p;
  if (int status = describe(call, handle, operation, layoutA, layoutB, layoutC, layoutD, &p)) return status;
  if (!alpha || !beta || isDevice(alpha) || isDevice(beta)) {
    complain("%s: alpha and beta must lie on the host", call.function());
    return BLAS_INVALID_VALUE;
  }
  if (!isStream(stream)) {
    complain("%s: no such stream", call.function());
    return BLAS_INVALID_VALUE;
  }
  const auto* chosen = (const Algorithm*) algorithm;
  if (int status = checkAlgorithm(call.function(), p, chosen, workspaceBytes)) return status;
  const float scale = *(const float*) alpha, keep = *(const float*) beta;
  const Pointers at = {a, b, c, d};
  const std::vector<Range> operands = ranges(p, *chosen, at, keep, workspace);
  if (int status = checkRanges(call.function(), operands)) return status;
  const size_t used = chosen->workspace;
  const uint32_t reduction = chosen->reduction;
  std::vector<Place> written;
  for (const Range& one : operands) {
    if (one.written) written.push_back({one.pointer, one.bytes});
  }
  const int error = enqueue(stream, [=]() -> int {
    for (const Range& one : operands) {
      if (!isLive(one.pointer, one.bytes)) {
        return raise(ILLEGAL_ADDRESS, "cublasLtMatmul: %s was freed before it ran", one.name);
      }
    }
    if (used) memset(workspace, 0xff, used);
    compute(p, reduction, at, scale, keep);
    return 0;
  }, written);
  return error ? BLAS_EXECUTION_FAILED : BLAS_OK;
}
