# What the two test files of the page share; dot-sourced in their BeforeAll, after Support.ps1.
$lora = Get-SamplePath 'lora'
$base = Get-SamplePath 'base'
$pageFolder = [System.IO.Path]::GetFullPath((Join-Path $PSScriptRoot '../../src/ResizeLora.Pictures/Page'))

# Runs a program of the page's tests on a page and a list of what it is to do; gives what it answers.
function Invoke-PageProgram([string] $Name, [string] $Page, [object[]] $Task) {
    $file = Join-Path $TestDrive "$([guid]::NewGuid().ToString('N')).json"
    [System.IO.File]::WriteAllText($file, (ConvertTo-Json -InputObject $Task -Depth 4))
    & node (Join-Path $pageFolder 'tests' $Name) $Page $file | ConvertFrom-Json -Depth 12 -NoEnumerate
}
