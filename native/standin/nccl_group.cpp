#include "nccl_group.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace standin {
namespace {

// Between the two places of a file; only what is written takes memory.
const off_t PLACE = (off_t) 1 << 36;

// Reads or writes all of it; the files are in memory, so this fails only when that is full.
template <class Call>
void all(Call call, char* p, size_t bytes, off_t at) {
  while (bytes) {
    const ssize_t done = call(p, bytes, at);
    if (done <= 0) abort();
    p += done;
    bytes -= done;
    at += done;
  }
}

}  // namespace

std::string Group::found() {
  for (const char* folder : {"/dev/shm", "/tmp"}) {
    std::string name = std::string(folder) + "/vgg4j-standin-nccl-XXXXXX";
    const int file = mkstemp(name.data());
    if (file < 0) continue;
    const bool sized = !ftruncate(file, sizeof(Shared));
    close(file);
    if (sized) return name;
  }
  return "";
}

std::unique_ptr<Group> Group::join(const std::string& name, int rank, int world, int device, std::string* why) {
  const int file = open(name.c_str(), O_RDWR);
  if (file < 0) {
    *why = "no rank 0 answers at " + name;
    return nullptr;
  }
  void* p = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (p == MAP_FAILED) {
    *why = "no memory to share";
    return nullptr;
  }
  auto* shared = (Shared*) p;
  int none = 0;
  if (!shared->world.compare_exchange_strong(none, world) && none != world) {
    *why = "rank " + std::to_string(rank) + " is of " + std::to_string(world) + " ranks, others of " + std::to_string(none);
    munmap(p, sizeof(Shared));
    return nullptr;
  }
  std::unique_ptr<Group> group(new Group(name, rank, world, shared));
  int& own = group->files_[rank];
  own = open(group->file(rank).c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
  if (own < 0) {
    *why = "rank " + std::to_string(rank) + " is there already";
    return nullptr;
  }
  group->own().process = getpid();
  group->own().device = device;
  group->own().state = JOINED;
  return group;
}

Group::~Group() {
  for (const int file : files_) {
    if (file >= 0) close(file);
  }
  munmap(shared_, sizeof(Shared));
}

bool Group::meet() {
  for (int other = 0; other < world_; other++) {
    if (shared_->members[other].state == ABSENT) return false;
    if (files_[other] < 0) files_[other] = open(file(other).c_str(), O_RDONLY);
    if (files_[other] < 0) return false;
  }
  if (own().state == JOINED) own().state = CONNECTED;
  for (int other = 0; other < world_; other++) {
    if (shared_->members[other].state == JOINED) return false;
  }
  if (rank_ == 0) unlinkAll();  // nobody opens them any more
  return true;
}

void Group::unlinkAll() const {
  unlink(name_.c_str());
  for (int other = 0; other < world_; other++) unlink(file(other).c_str());
}

int Group::sharesDevice() const {
  for (int other = 0; other < world_; other++) {
    const Member& member = shared_->members[other];
    if (other != rank_ && member.state != ABSENT && member.process == own().process
        && member.device == own().device) {
      return other;
    }
  }
  return -1;
}

std::string Group::trouble() const {
  for (int other = 0; other < world_; other++) {
    const Member& member = shared_->members[other];
    const int state = member.state;
    if (other == rank_ || state == ABSENT || state == LEFT) continue;
    const std::string name = "rank " + std::to_string(other);
    if (state == ABORTED) return name + " has aborted";
    if (kill(member.process, 0) && errno == ESRCH) return name + "'s process has ended";
  }
  return "";
}

void Group::arrive(const Collective& collective, const void* contribution, size_t bytes) {
  Member& member = own();
  const long next = member.arrived + 1;
  const int file = files_[rank_];
  // Whoever is here has all of the operation before, so nobody reads the one before that.
  all([=](char* p, size_t n, off_t at) { return pwrite(file, p, n, at); }, (char*) contribution, bytes,
      next % 2 * PLACE);
  member.asked[next % 2] = collective;
  member.arrived = next;
}

bool Group::isComplete() const {
  for (int other = 0; other < world_; other++) {
    if (shared_->members[other].arrived < own().arrived) return false;
  }
  return true;
}

int Group::disagrees() const {
  const long now = own().arrived;
  for (int other = 0; other < world_; other++) {
    const Member& member = shared_->members[other];
    if (member.arrived >= now && !(member.asked[now % 2] == own().asked[now % 2])) return other;
  }
  return -1;
}

void Group::read(int rank, void* into, size_t bytes) const {
  const int file = files_[rank];
  all([=](char* p, size_t n, off_t at) { return pread(file, p, n, at); }, (char*) into, bytes,
      own().arrived % 2 * PLACE);
}

void Group::leave(State state) {
  if (own().state == JOINED) unlinkAll();  // it never came to the end of meeting
  own().state = state;
}

}  // namespace standin
