// Device memory: no address is used twice, and a guard page follows each allocation.
#pragma once
#include <cstddef>

namespace standin {

int deviceMalloc(void** p, size_t bytes, int device);
int deviceFree(void* p, const char* function);
// Whether the address belongs to the device, live or not.
bool isDevice(const void* p);
// Whether all bytes lie in one live allocation.
bool isLive(const void* p, size_t bytes);
// The number of the device that a live allocation around the address belongs to, or -1.
int deviceOf(const void* p);
// Whether all bytes lie in one allocation of cudaMallocHost.
bool isPinned(const void* p, size_t bytes);
int pinnedMalloc(void** p, size_t bytes);
int pinnedFree(void* p);
// Looks for writes into the padding around every live allocation; returns how many were hit.
int checkCanaries();

// Checks an operand of a library's call: live, large enough and aligned to 16 bytes.
bool isOperand(const char* function, const char* name, const void* p, size_t bytes);

}  // namespace standin
