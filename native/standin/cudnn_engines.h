// The engines that the stand-in offers for a graph.
#pragma once
#include <map>

#include "cudnn_graph.h"

namespace standin {

// cuDNN's notes, as bits.
enum NumericalNote {
  TENSOR_CORE = 1 << 0,
  DOWN_CONVERT_INPUTS = 1 << 1,
  REDUCED_PRECISION_REDUCTION = 1 << 2,
  FFT = 1 << 3,
  NONDETERMINISTIC = 1 << 4,
  WINOGRAD = 1 << 5,
  WINOGRAD_TILE_4X4 = 1 << 6,
  STRICT_NAN_PROPAGATION = 1 << 9
};

enum BehaviourNote { RUNTIME_COMPILATION = 1 << 0, CUDA_GRAPH_NATIVE_API = 1 << 3 };

enum class Workspace { NONE, SMALL, COPIES, TOO_LARGE };

struct Engine {
  int index;
  int numerical, behaviour;
  Workspace workspace;
  int offers;         // how many entries of the heuristics' list have it, each with other knobs
  bool isRefused;     // never makes a plan
  int refusedOffers;  // so many of its first offers make no plan

  bool has(NumericalNote note) const { return (numerical & note) != 0; }
};

// An engine with its knobs for one graph.
struct Config {
  std::shared_ptr<const Graph> graph;
  const Engine* engine;
  std::map<int, long> knobs;

  // Bytes, odd on purpose; they depend on the knobs.
  size_t workspaceBytes() const;
};

// The engine of an index, or null if it does not support the graph.
const Engine* findEngine(const Graph& graph, long index);

// A plan as a text, with its graph, and back; a text that is damaged is refused with a status.
std::string writePlan(const Config& config);
int readPlan(const std::string& text, std::shared_ptr<const Config>& config);

}  // namespace standin
