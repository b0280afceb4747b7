package org.vgg4j.io;

import java.util.Map;

/**
 * What a safetensors file is recognised by.
 *
 * @param bytes its length
 * @param sha256 of the whole file, in hexadecimal digits
 * @param crc32c of each tensor's data by the tensor's name, in eight hexadecimal digits
 */
public record FileChecksums(long bytes, String sha256, Map<String, String> crc32c) {}
