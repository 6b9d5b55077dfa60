/** Defines `package_sum`: SHA-256 over the list of the checksums of all files below the working directory, in the order of their paths. */
export const definePackageSum = `
package_sum() { find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1; }
`
