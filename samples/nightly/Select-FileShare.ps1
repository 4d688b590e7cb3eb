<#
.SYNOPSIS
Passes on the files that one of several boxes takes.

.DESCRIPTION
Every box asks the same question and needs no word with the others: a file goes to the box whose name, hashed together with
the file's name, gives the highest number. Each file is taken by exactly one box, the same one every night, and when a box
leaves the list only its own files find another.

.PARAMETER InputObject
Files, or names of files. Only the name counts, not the folder, so that it does not matter where a share is mounted.

.PARAMETER Box
The names of all boxes; the same list everywhere. Their order does not matter.

.PARAMETER Name
The name of the box that asks. It must be in the list; of a full name, such as gpu1.lan, the first part counts.

.EXAMPLE
Get-ChildItem \\nas\loras\*.safetensors | ./Select-FileShare.ps1 -Box gpu1, gpu2, gpu3 -Name gpu2
#>
[CmdletBinding()]
[OutputType([object])]
param(
    [Parameter(Mandatory, ValueFromPipeline)]
    [object] $InputObject,

    [Parameter(Mandatory)]
    [string[]] $Box,

    [Parameter(Mandatory)]
    [string] $Name
)

begin {
    function ConvertTo-BoxName([string] $Text) { $Text.Split('.')[0].ToLowerInvariant() }

    function Get-Draw([string] $Taker, [string] $File) {
        $bytes = [System.Text.Encoding]::UTF8.GetBytes("$Taker/$($File.ToLowerInvariant())")
        [System.Convert]::ToHexString([System.Security.Cryptography.SHA256]::HashData($bytes))
    }

    $boxes = @($Box | ForEach-Object { ConvertTo-BoxName $_ } | Sort-Object -Unique)
    $own = ConvertTo-BoxName $Name
    if ($own -notin $boxes) {
        throw "The box '$Name' is not in the list: $($Box -join ', ')."
    }
}

process {
    $path = $InputObject -is [System.IO.FileSystemInfo] ? $InputObject.FullName : "$InputObject"
    $file = $path.Replace('\', '/').Split('/')[-1]
    $taker = $null
    $highest = ''
    foreach ($one in $boxes) {
        $draw = Get-Draw $one $file
        if ([string]::CompareOrdinal($draw, $highest) -gt 0) {
            $taker = $one
            $highest = $draw
        }
    }

    if ($taker -eq $own) {
        $InputObject
    }
}
