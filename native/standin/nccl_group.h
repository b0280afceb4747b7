// The ranks of a communicator, in one process or in several: what they share lies in files in memory.
#pragma once
#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace standin {

const int MOST_RANKS = 64;

// One collective operation as a rank asks for it; all must ask for the same.
struct Collective {
  int kind, type, op, root;
  size_t count;
  bool operator==(const Collective& other) const {
    return kind == other.kind && type == other.type && op == other.op && root == other.root
        && count == other.count;
  }
};

class Group {
 public:
  enum State { ABSENT, JOINED, CONNECTED, LEFT, ABORTED };

  // Makes the place where ranks meet and returns its name; empty when there can be none.
  static std::string found();
  // Joins; null when the place is gone, the world is another one, or the rank is there. Says why.
  static std::unique_ptr<Group> join(const std::string& name, int rank, int world, int device, std::string* why);
  ~Group();

  // Goes on with meeting the others; true when all are there.
  bool meet();
  // A rank with the same device in the same process, or -1.
  int sharesDevice() const;
  // What is wrong with the others, empty if nothing is seen.
  std::string trouble() const;

  // Says that this rank's part of its next operation is there: all ranks' next one.
  void arrive(const Collective& collective, const void* contribution, size_t bytes);
  // Whether all have arrived at the operation that this rank arrived at last.
  bool isComplete() const;
  // The rank that asked for another operation there, or -1.
  int disagrees() const;
  // A rank's part of it.
  void read(int rank, void* into, size_t bytes) const;

  void leave(State state);
  int rank() const { return rank_; }
  int world() const { return world_; }

 private:
  struct Member {
    std::atomic<int> state;
    std::atomic<long> arrived;
    pid_t process;
    int device;
    Collective asked[2];
  };
  struct Shared {
    std::atomic<int> world;
    Member members[MOST_RANKS];
  };

  Group(std::string name, int rank, int world, Shared* shared)
      : name_(std::move(name)), rank_(rank), world_(world), shared_(shared), files_(world, -1) {}
  Member& own() const { return shared_->members[rank_]; }
  std::string file(int rank) const { return name_ + "." + std::to_string(rank); }
  void unlinkAll() const;

  const std::string name_;
  const int rank_, world_;
  Shared* const shared_;
  std::vector<int> files_;  // where each rank's parts lie, in two places that take turns
};

}  // namespace standin
