"""Meta-World's fifty table-top tasks (Yu et al. 2019; the package `metaworld`), as a workplace for trials and demonstrations."""
