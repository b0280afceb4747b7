package org.vgg4j.io;

import java.util.Map;

/**
 * The length and checksums of a safetensors file.
 *
 * @param bytes its length in bytes
 * @param sha256 of the whole file, in hexadecimal digits
 * @param crc32c of each tensor's data by tensor name, in eight hexadecimal digits
 */
public record FileChecksums(long bytes, String sha256, Map<String, String> crc32c) {}
