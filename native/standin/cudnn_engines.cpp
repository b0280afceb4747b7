// What is offered imitates the lists of cuDNN 9.24 for an H200: the same indices and notes, tensor cores
// first, each engine several times. Entries that a caller must skip are mixed in.
#include "cudnn_engines.h"

#include <algorithm>

namespace standin {

namespace {

const char* FUNCTION = "cudnnBackendFinalize";
enum HeuristicsMode { INSTANT = 0, MODE_B = 1, FALLBACK = 2, MODE_A = 3 };
enum Knob { TILE_SIZE = 2, TILE_K = 13, WORKSPACE_KNOB = 25 };

struct KnobRange {
  int type;
  long least, most;
};
const KnobRange KNOBS[] = {{TILE_SIZE, 0, 15}, {TILE_K, 0, 3}, {WORKSPACE_KNOB, 0, 1}};
const long REFUSED_TILE = 15, FIRST_TILE = 8;

using Engines = std::vector<Engine>;
struct Lists {
  Engines measured, fallback;
};

const int COMPILED = RUNTIME_COMPILATION | CUDA_GRAPH_NATIVE_API;
const int WINOGRAD_4X4 = WINOGRAD | WINOGRAD_TILE_4X4;

const Lists FORWARD_FP32 = {
    {{67, TENSOR_CORE, 0, Workspace::SMALL, 6, false, 0},
     {38, TENSOR_CORE, 0, Workspace::COPIES, 3, false, 1},
     {41, TENSOR_CORE, 0, Workspace::TOO_LARGE, 2, false, 0},
     {35, TENSOR_CORE, 0, Workspace::SMALL, 1, true, 0},
     {22, TENSOR_CORE | DOWN_CONVERT_INPUTS, 0, Workspace::NONE, 1, false, 0},
     {6, WINOGRAD_4X4, 0, Workspace::COPIES, 1, false, 0},
     {4, FFT, 0, Workspace::COPIES, 1, false, 0},
     {16, 0, 0, Workspace::TOO_LARGE, 1, false, 0},
     {70, 0, 0, Workspace::COPIES, 3, false, 1},
     {28, 0, 0, Workspace::NONE, 1, false, 0}},
    {{1, 0, 0, Workspace::COPIES, 1, false, 0},
     {28, 0, 0, Workspace::NONE, 1, false, 0},
     {0, STRICT_NAN_PROPAGATION, 0, Workspace::NONE, 1, false, 0},
     {71, TENSOR_CORE, COMPILED, Workspace::NONE, 1, false, 0}}};

const Lists DATA_FP32 = {
    {{71, TENSOR_CORE, 0, Workspace::SMALL, 5, false, 0},
     {76, TENSOR_CORE, 0, Workspace::SMALL, 3, false, 0},
     {58, TENSOR_CORE, 0, Workspace::TOO_LARGE, 1, false, 0},
     {56, TENSOR_CORE, 0, Workspace::COPIES, 1, true, 0},
     {27, TENSOR_CORE | DOWN_CONVERT_INPUTS, 0, Workspace::NONE, 1, false, 0},
     {7, WINOGRAD_4X4, 0, Workspace::COPIES, 1, false, 0},
     {25, NONDETERMINISTIC, 0, Workspace::COPIES, 2, false, 0},
     {16, 0, 0, Workspace::TOO_LARGE, 1, false, 0},
     {74, 0, 0, Workspace::COPIES, 2, false, 1},
     {2, 0, 0, Workspace::COPIES, 2, false, 0},
     {0, STRICT_NAN_PROPAGATION, 0, Workspace::NONE, 1, false, 0}},
    {{1, 0, 0, Workspace::COPIES, 1, false, 0},
     {25, NONDETERMINISTIC, 0, Workspace::COPIES, 1, false, 0},
     {0, STRICT_NAN_PROPAGATION, 0, Workspace::NONE, 1, false, 0},
     {78, TENSOR_CORE, COMPILED, Workspace::NONE, 1, false, 0}}};

const Lists FILTER_FP32 = {
    {{68, TENSOR_CORE, 0, Workspace::SMALL, 5, false, 0},
     {34, TENSOR_CORE, 0, Workspace::TOO_LARGE, 1, false, 0},
     {40, TENSOR_CORE, 0, Workspace::COPIES, 2, true, 0},
     {50, TENSOR_CORE, 0, Workspace::COPIES, 2, false, 0},
     {23, TENSOR_CORE | DOWN_CONVERT_INPUTS, 0, Workspace::NONE, 1, false, 0},
     {5, WINOGRAD_4X4, 0, Workspace::COPIES, 1, false, 0},
     {20, NONDETERMINISTIC, 0, Workspace::NONE, 2, false, 0},
     {17, 0, 0, Workspace::TOO_LARGE, 1, false, 0},
     {67, 0, 0, Workspace::SMALL, 2, false, 1},
     {1, 0, 0, Workspace::SMALL, 1, false, 0},
     {0, STRICT_NAN_PROPAGATION, 0, Workspace::NONE, 1, false, 0}},
    {{1, 0, 0, Workspace::SMALL, 1, false, 0},
     {20, NONDETERMINISTIC, 0, Workspace::NONE, 1, false, 0},
     {0, STRICT_NAN_PROPAGATION, 0, Workspace::NONE, 1, false, 0},
     {70, TENSOR_CORE, COMPILED, Workspace::NONE, 1, false, 0}}};

const Lists FORWARD_BF16 = {
    {{62, TENSOR_CORE, 0, Workspace::SMALL, 4, false, 0},
     {27, TENSOR_CORE, 0, Workspace::NONE, 1, true, 0},
     {67, TENSOR_CORE, 0, Workspace::TOO_LARGE, 1, false, 0},
     {45, TENSOR_CORE, 0, Workspace::NONE, 2, false, 0},
     {22, TENSOR_CORE, 0, Workspace::NONE, 2, false, 1}},
    {{1, 0, 0, Workspace::COPIES, 1, false, 0},
     {28, 0, 0, Workspace::NONE, 1, false, 0},
     {0, STRICT_NAN_PROPAGATION, 0, Workspace::NONE, 1, false, 0},
     {71, TENSOR_CORE, COMPILED, Workspace::NONE, 1, false, 0}}};

const Lists DATA_BF16 = {
    {{67, TENSOR_CORE, 0, Workspace::SMALL, 4, false, 1},
     {40, TENSOR_CORE, 0, Workspace::NONE, 1, true, 0},
     {57, TENSOR_CORE, 0, Workspace::NONE, 2, false, 0},
     {64, TENSOR_CORE, 0, Workspace::TOO_LARGE, 1, false, 0},
     {22, TENSOR_CORE, 0, Workspace::NONE, 1, false, 0}},
    {{1, 0, 0, Workspace::COPIES, 1, false, 0},
     {25, REDUCED_PRECISION_REDUCTION | NONDETERMINISTIC, 0, Workspace::COPIES, 1, false, 0},
     {0, STRICT_NAN_PROPAGATION, 0, Workspace::NONE, 1, false, 0},
     {78, TENSOR_CORE, COMPILED, Workspace::NONE, 1, false, 0}}};

const Lists FILTER_BF16 = {
    {{65, TENSOR_CORE, 0, Workspace::SMALL, 5, false, 0},
     {33, TENSOR_CORE, 0, Workspace::TOO_LARGE, 1, false, 0},
     {45, TENSOR_CORE, 0, Workspace::NONE, 1, true, 0},
     {9, TENSOR_CORE, 0, Workspace::NONE, 2, false, 1},
     {0, STRICT_NAN_PROPAGATION, 0, Workspace::NONE, 1, false, 0}},
    {{1, 0, 0, Workspace::COPIES, 1, false, 0},
     {20, REDUCED_PRECISION_REDUCTION | NONDETERMINISTIC, 0, Workspace::NONE, 1, false, 0},
     {0, STRICT_NAN_PROPAGATION, 0, Workspace::NONE, 1, false, 0},
     {70, TENSOR_CORE, COMPILED, Workspace::NONE, 1, false, 0}}};

const Lists FILTER_BF16_TO_FP32 = {{}, {{70, TENSOR_CORE, COMPILED, Workspace::NONE, 1, false, 0}}};

const Lists BIAS_FP32 = {
    {{51, TENSOR_CORE, 0, Workspace::SMALL, 4, false, 0},
     {24, TENSOR_CORE, 0, Workspace::COPIES, 1, true, 0},
     {26, TENSOR_CORE, 0, Workspace::TOO_LARGE, 1, false, 0},
     {44, 0, 0, Workspace::COPIES, 2, false, 1},
     {11, 0, 0, Workspace::NONE, 1, false, 0}},
    {{11, 0, 0, Workspace::NONE, 1, false, 0},
     {0, STRICT_NAN_PROPAGATION, 0, Workspace::NONE, 1, false, 0},
     {52, TENSOR_CORE, COMPILED, Workspace::NONE, 1, false, 0}}};

const Lists BIAS_BF16 = {
    {{10, TENSOR_CORE, 0, Workspace::NONE, 2, false, 1},
     {41, TENSOR_CORE, 0, Workspace::SMALL, 4, false, 0},
     {51, TENSOR_CORE, 0, Workspace::TOO_LARGE, 1, false, 0}},
    {{11, 0, 0, Workspace::NONE, 1, false, 0},
     {0, STRICT_NAN_PROPAGATION, 0, Workspace::NONE, 1, false, 0},
     {52, TENSOR_CORE, COMPILED, Workspace::NONE, 1, false, 0}}};

// A bias in fp32 or bf16 between the operations: nothing is compiled in advance.
const Lists BIAS_MIXED = {
    {{4, TENSOR_CORE, COMPILED, Workspace::NONE, 4, false, 1},
     {7, TENSOR_CORE, COMPILED, Workspace::NONE, 2, false, 0}},
    {{2, TENSOR_CORE, COMPILED, Workspace::NONE, 1, false, 0},
     {8, 0, COMPILED, Workspace::NONE, 1, false, 0}}};

const Lists FUSED_FORWARD = {{{3, TENSOR_CORE, COMPILED, Workspace::NONE, 3, false, 1}},
                             {{3, TENSOR_CORE, COMPILED, Workspace::NONE, 1, false, 0}}};
const Lists FUSED_DATA = {{{4, TENSOR_CORE, COMPILED, Workspace::SMALL, 4, false, 1}},
                          {{4, TENSOR_CORE, COMPILED, Workspace::SMALL, 1, false, 0},
                           {8, 0, COMPILED, Workspace::NONE, 1, false, 0}}};
const Lists POINTWISE_ONLY = {{{5, 0, COMPILED, Workspace::NONE, 1, false, 0}}, {}};
const Lists NOTHING = {};

// Whether each operation reads the one before it, through tensors that are virtual.
bool isChain(const Graph& graph) {
  for (size_t i = 1; i < graph.operations.size(); i++) {
    const Operation &from = *graph.operations[i - 1], &to = *graph.operations[i];
    const TensorPointer& link = from.outputs[0];
    if (std::count(to.inputs.begin(), to.inputs.end(), link) != 1) return false;
    // The first operand, except that the gradient of a ReLU reads the other one beside its x.
    if (to.letter() == 'B' ? to.inputs[1] != link : to.inputs[0] != link) return false;
    if (link->isVirtual == (to.letter() == 'G')) return false;
  }
  return true;
}

// The second operands of additions and products are one value a channel.
bool isPerChannel(const Graph& graph) {
  for (const OperationPointer& o : graph.operations) {
    const bool binary = o->letter() == 'A' || o->letter() == 'M';
    if (binary && !o->inputs[1]->isPerChannel(o->outputs[0]->sizes[1])) return false;
  }
  return true;
}

// Whether all virtual tensors are in fp32.
bool hasFloatInside(const Graph& graph) {
  return std::all_of(graph.operations.begin(), graph.operations.end(), [](const OperationPointer& o) {
    return !o->outputs[0]->isVirtual || o->outputs[0]->type == DATA_FLOAT;
  });
}

const Lists& convolutionLists(const Graph& graph, const Operation& c) {
  const int type = c.inputs[0]->type;
  if (c.inputs[1]->type != type) return NOTHING;
  const bool bf16 = type == DATA_BFLOAT16;
  for (const TensorPointer& t : {c.inputs[0], c.inputs[1], c.outputs[0]}) {
    if (bf16 && !t->isChannelsLast()) return NOTHING;
  }
  const Tensor& output = *c.outputs[0];
  if (graph.pattern == "W" && bf16 && output.type == DATA_FLOAT) return FILTER_BF16_TO_FP32;
  if (output.type != type && !output.isVirtual) return NOTHING;
  if (graph.pattern == "F") return bf16 ? FORWARD_BF16 : FORWARD_FP32;
  if (graph.pattern == "D") return bf16 ? DATA_BF16 : DATA_FP32;
  if (graph.pattern == "W") return bf16 ? FILTER_BF16 : FILTER_FP32;
  if (c.alpha != 1 || c.beta != 0 || !isChain(graph) || !isPerChannel(graph)) return NOTHING;
  if (graph.operations.back()->letter() != 'G' && graph.operations.back()->outputs[0]->type != type) {
    return NOTHING;
  }
  if (graph.pattern == "FA" || graph.pattern == "FAR") {
    if (!bf16) return BIAS_FP32;
    return graph.operations[1]->inputs[1]->type == type && hasFloatInside(graph) ? BIAS_BF16 : BIAS_MIXED;
  }
  // What is compiled at run time wants the channels innermost, and what comes before the convolution in
  // the type of its input.
  for (const TensorPointer& t : {c.inputs[0], c.inputs[1], c.outputs[0]}) {
    if (!t->isChannelsLast()) return NOTHING;
  }
  for (const OperationPointer& o : graph.operations) {
    if (o.get() == &c) break;
    if (o->outputs[0]->type != type || o->inputs[0]->type != type) return NOTHING;
  }
  const bool forward = graph.pattern == "FG" || graph.pattern == "MARF" || graph.pattern == "MARFG";
  return forward ? FUSED_FORWARD : graph.pattern == "DB" ? FUSED_DATA : NOTHING;
}

const Lists& listsOf(const Graph& graph) {
  if (graph.pattern.find_first_of("FDWG") == std::string::npos) return POINTWISE_ONLY;
  const OperationPointer convolution = graph.convolution();
  return convolution ? convolutionLists(graph, *convolution) : NOTHING;
}

// The knobs of an engine's n-th offer.
std::map<int, long> knobsOf(const Engine& engine, int n) {
  const long tile = n < engine.refusedOffers ? REFUSED_TILE : FIRST_TILE - n;
  return {{TILE_SIZE, tile}, {TILE_K, n % 4}, {WORKSPACE_KNOB, 1}};
}

void offer(Descriptor& d, const Engines& engines) {
  for (const Engine& engine : engines) {
    for (int n = 0; n < engine.offers; n++) {
      auto config = std::make_shared<Config>();
      config->graph = d.reference(HEURISTICS_GRAPH)->graph;
      config->engine = &engine;
      config->knobs = knobsOf(engine, n);
      d.offers.push_back(config);
    }
  }
}

template <class T>
std::vector<T> notes(int bits) {
  std::vector<T> result;
  for (int i = 0; i < 32; i++) {
    if (bits & 1 << i) result.push_back((T) i);
  }
  return result;
}

}  // namespace

const Engine* findEngine(const Graph& graph, long index) {
  const Lists& lists = listsOf(graph);
  for (const Engines* engines : {&lists.measured, &lists.fallback}) {
    for (const Engine& engine : *engines) {
      if (engine.index == index) return &engine;
    }
  }
  return nullptr;
}

size_t Config::workspaceBytes() const {
  const OperationPointer c = graph->convolution();
  const size_t tile = knobs.at(TILE_SIZE);
  switch (engine->workspace) {
    case Workspace::NONE: return 0;
    case Workspace::SMALL: return 131 + 16 * tile;
    case Workspace::COPIES: return c->inputs[0]->bytes() + c->inputs[1]->bytes() + 12 + 16 * tile;
    case Workspace::TOO_LARGE: return ((size_t) 6 << 30) + 1 + 16 * tile;
  }
  return 0;
}

int finalizeHeuristics(Descriptor& d) {
  const std::shared_ptr<const Graph> graph = d.reference(HEURISTICS_GRAPH)->graph;
  const int mode = d.value<int>(HEURISTICS_MODE, -1);
  if (!graph) return reject(DNN_BAD_PARAM, "%s: heuristics of no operation graph", FUNCTION);
  if (mode < INSTANT || mode > MODE_A) {
    return reject(DNN_BAD_PARAM, "%s: heuristics mode %d", FUNCTION, mode);
  }
  const Lists& lists = listsOf(*graph);
  offer(d, mode == FALLBACK ? lists.fallback : lists.measured);
  return DNN_OK;
}

int finalizeEngine(Descriptor& d) {
  const std::shared_ptr<const Graph> graph = d.reference(ENGINE_GRAPH)->graph;
  if (!graph) return reject(DNN_BAD_PARAM, "%s: an engine of no operation graph", FUNCTION);
  const long index = d.value<int64_t>(ENGINE_INDEX, -1);
  const Engine* engine = findEngine(*graph, index);
  // A caller that kept an engine from another time has to expect this.
  if (!engine) {
    return refuse(DNN_NOT_SUPPORTED, "%s: engine %ld does not support a graph %s", FUNCTION, index,
                  graph->pattern.c_str());
  }
  fillEngine(d, {graph, engine, {}});
  return DNN_OK;
}

int finalizeConfig(Descriptor& d) {
  const std::shared_ptr<const Config> engine = d.reference(CONFIG_ENGINE)->config;
  if (!engine || d.reference(CONFIG_ENGINE)->type != ENGINE) {
    return reject(DNN_BAD_PARAM, "%s: a configuration of no engine", FUNCTION);
  }
  auto config = std::make_shared<Config>(*engine);
  if (d.has(CONFIG_KNOB_CHOICES)) {
    for (const auto& choice : d.attributes.at(CONFIG_KNOB_CHOICES).references) {
      if (choice->type != KNOB_CHOICE) {
        return reject(DNN_BAD_PARAM, "%s: a %s among the knob choices", FUNCTION, nameOf(choice->type));
      }
      const int type = choice->value<int>(KNOB_CHOICE_TYPE, -1);
      const long value = choice->value<int64_t>(KNOB_CHOICE_VALUE, -1);
      const bool isKnown = std::any_of(std::begin(KNOBS), std::end(KNOBS), [=](const KnobRange& k) {
        return k.type == type && value >= k.least && value <= k.most;
      });
      if (!isKnown) {
        return refuse(DNN_NOT_SUPPORTED, "%s: engine %d has no knob %d with value %ld", FUNCTION,
                      engine->engine->index, type, value);
      }
      config->knobs[type] = value;
    }
  }
  fillConfig(d, config);
  return DNN_OK;
}

int finalizePlan(Descriptor& d) {
  if (d.has(PLAN_CONFIG) == d.has(PLAN_TEXT)) {
    return reject(DNN_BAD_PARAM, "%s: a plan needs an engine configuration or a text", FUNCTION);
  }
  if (d.has(PLAN_TEXT)) {
    const std::vector<char> text = d.values<char>(PLAN_TEXT);
    if (const int e = readPlan(std::string(text.begin(), text.end()), d.config)) return e;
  } else if (d.reference(PLAN_CONFIG)->type != ENGINE_CONFIG) {
    return reject(DNN_BAD_PARAM, "%s: a plan of no engine configuration", FUNCTION);
  } else {
    d.config = d.reference(PLAN_CONFIG)->config;
  }
  const Config& config = *d.config;
  if (config.engine->isRefused || config.knobs.at(TILE_SIZE) == REFUSED_TILE) {
    return refuse(DNN_NOT_SUPPORTED, "%s: engine %d with tile size %ld does not support this shape",
                  FUNCTION, config.engine->index, config.knobs.at(TILE_SIZE));
  }
  assign<int64_t>(d, PLAN_WORKSPACE_SIZE, TYPE_INT64, {(int64_t) config.workspaceBytes()});
  const std::string text = writePlan(config);
  assign<char>(d, PLAN_TEXT, TYPE_CHAR, std::vector<char>(text.begin(), text.end()));
  return DNN_OK;
}

void fillConfig(Descriptor& target, const std::shared_ptr<const Config>& config) {
  target.config = config;
  assign<int64_t>(target, CONFIG_WORKSPACE_SIZE, TYPE_INT64, {(int64_t) config->workspaceBytes()});
}

// An engine does not know the knobs of the configuration it is read from: a new one starts with the least.
void fillEngine(Descriptor& target, const Config& config) {
  auto engine = std::make_shared<Config>(config);
  for (const KnobRange& knob : KNOBS) engine->knobs[knob.type] = knob.least;
  target.config = engine;
  assign<int64_t>(target, ENGINE_INDEX, TYPE_INT64, {engine->engine->index});
  assign<int>(target, ENGINE_NUMERICAL_NOTES, TYPE_NUMERICAL_NOTE, notes<int>(engine->engine->numerical));
  assign<int>(target, ENGINE_BEHAVIOUR_NOTES, TYPE_BEHAVIOUR_NOTE, notes<int>(engine->engine->behaviour));
}

void fillKnobChoice(Descriptor& target, const Config& config, long knob) {
  const int type = KNOBS[knob].type;
  assign<int>(target, KNOB_CHOICE_TYPE, TYPE_KNOB, {type});
  assign<int64_t>(target, KNOB_CHOICE_VALUE, TYPE_INT64, {config.knobs.at(type)});
}

void fillKnobInfo(Descriptor& target, const Config&, long knob) {
  assign<int>(target, KNOB_INFO_TYPE, TYPE_KNOB, {KNOBS[knob].type});
  assign<int64_t>(target, KNOB_INFO_MINIMUM, TYPE_INT64, {KNOBS[knob].least});
  assign<int64_t>(target, KNOB_INFO_MAXIMUM, TYPE_INT64, {KNOBS[knob].most});
  assign<int64_t>(target, KNOB_INFO_STRIDE, TYPE_INT64, {1});
}

long knobCount(const Config&) { return sizeof KNOBS / sizeof *KNOBS; }

}  // namespace standin
