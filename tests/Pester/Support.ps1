# What the test files share; dot-sourced in their BeforeAll. Plain .NET calls, so that it does not depend on the code under test.
. ([System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'build', 'ShellCommand.ps1'))

# A LoRA over the sample checkpoint needs layers of its names and shapes; these two are both 40 x 40.
$queryLayer = 'lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q'
$keyLayer = 'lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_k'

# The path of a file of the repository's samples: 'lora', 'loha', 'lokr', 'extracted' or 'base'.
function Get-SamplePath([string] $Name) {
    [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'samples', 'sdxl-tiny', "$Name.safetensors"))
}

# A new folder of its own under the test drive.
function New-TestFolder {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Makes test data only.')]
    param()
    $folder = [System.IO.Path]::Combine($TestDrive, [guid]::NewGuid().ToString('N').Substring(0, 8))
    [System.IO.Directory]::CreateDirectory($folder).FullName
}

# A copy of a sample file under another name; gives the copy's path.
function Copy-Sample([string] $Name, [string] $Destination) {
    [System.IO.File]::Copy((Get-SamplePath $Name), $Destination)
    $Destination
}

# The names of the files in a folder and below, sorted.
function Get-FileName([string] $Folder) {
    [System.IO.Directory]::GetFiles($Folder, '*', [System.IO.SearchOption]::AllDirectories) |
        ForEach-Object { [System.IO.Path]::GetFileName($_) } | Sort-Object
}

# Changes a bit in the last tensor of a file and puts the file's time back, as rsync and cp -p leave it.
function Edit-LastByte([string] $Path) {
    $time = [System.IO.File]::GetLastWriteTimeUtc($Path)
    $bytes = [System.IO.File]::ReadAllBytes($Path)
    $bytes[-2] = $bytes[-2] -bxor 1
    [System.IO.File]::WriteAllBytes($Path, $bytes)
    [System.IO.File]::SetLastWriteTimeUtc($Path, $time)
}

# The SHA-256 of a file.
function Get-Sha256([string] $Path) {
    [Convert]::ToHexString([System.Security.Cryptography.SHA256]::HashData([System.IO.File]::ReadAllBytes($Path)))
}

# The bytes of a number in a tensor's type.
function ConvertTo-TensorByte([string] $Type, [double] $Value) {
    switch ($Type) {
        'F64' { [BitConverter]::GetBytes($Value) }
        'F32' { [BitConverter]::GetBytes([float] $Value) }
        'F16' { [BitConverter]::GetBytes([System.Half] $Value) }
        'BF16' { [BitConverter]::GetBytes([float] $Value)[2, 3] }
        default { throw "Support.ps1 writes no $Type." }
    }
}

# A tensor for Write-SafetensorsFile, from numbers or from raw bytes.
function New-Tensor {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Makes test data only.')]
    param([string] $Name, [long[]] $Shape, [double[]] $Value, [string] $Type = 'F32', [byte[]] $Byte)
    if ($null -eq $Byte) {
        $Byte = foreach ($number in $Value) { ConvertTo-TensorByte $Type $number }
    }
    [pscustomobject]@{ Name = $Name; Type = $Type; Shape = $Shape; Bytes = $Byte }
}

# The tensors of one layer. Row and column i of the factors hold value/(i+1) where the other has value: all singular values differ.
function New-Layer {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Makes test data only.')]
    param([string] $Name, [int] $Out = 40, [int] $In = 40, [int] $Rank = 4, [double] $Value = 1, [string] $Type = 'F32', [object] $Alpha = $Rank)
    $down = [double[]]::new($Rank * $In)
    $up = [double[]]::new($Out * $Rank)
    for ($i = 0; $i -lt $Rank; $i++) {
        $down[$i * $In + $i] = $Value
        $up[$i * $Rank + $i] = $Value / ($i + 1)
    }
    if ($null -ne $Alpha) { New-Tensor "$Name.alpha" @() $Alpha $Type }
    New-Tensor "$Name.lora_down.weight" @($Rank, $In) $down $Type
    New-Tensor "$Name.lora_up.weight" @($Out, $Rank) $up $Type
}

# Writes a safetensors file of any tensors, sensible or not; gives its path.
function Write-SafetensorsFile {
    param([string] $Path, [object[]] $Tensor, [System.Collections.IDictionary] $Metadata)
    $header = [System.IO.MemoryStream]::new()
    $json = [System.Text.Json.Utf8JsonWriter]::new($header)
    $json.WriteStartObject()
    if ($Metadata) {
        $json.WriteStartObject('__metadata__')
        foreach ($key in $Metadata.Keys) { $json.WriteString([string] $key, [string] $Metadata[$key]) }
        $json.WriteEndObject()
    }
    $position = 0
    foreach ($one in $Tensor) {
        $json.WriteStartObject($one.Name)
        $json.WriteString('dtype', [string] $one.Type)
        $json.WriteStartArray('shape')
        foreach ($dimension in $one.Shape) { $json.WriteNumberValue([long] $dimension) }
        $json.WriteEndArray()
        $json.WriteStartArray('data_offsets')
        $json.WriteNumberValue([long] $position)
        $position += $one.Bytes.Length
        $json.WriteNumberValue([long] $position)
        $json.WriteEndArray()
        $json.WriteEndObject()
    }
    $json.WriteEndObject()
    $json.Dispose()
    $stream = [System.IO.File]::Create($Path)
    try {
        $stream.Write([BitConverter]::GetBytes([long] $header.Length), 0, 8)
        $stream.Write($header.ToArray(), 0, [int] $header.Length)
        foreach ($one in $Tensor) { $stream.Write($one.Bytes, 0, $one.Bytes.Length) }
    }
    finally {
        $stream.Dispose()
    }
    $Path
}

# What a safetensors file's header says: Metadata, and Tensors (name, type, shape, offsets) in the order of the data.
function Read-SafetensorsHeader([string] $Path) {
    $bytes = [System.IO.File]::ReadAllBytes($Path)
    $length = [BitConverter]::ToInt64($bytes, 0)
    $metadata = @{}
    $tensors = [System.Collections.Generic.List[object]]::new()
    $json = [System.Text.Json.JsonDocument]::Parse([System.Text.Encoding]::UTF8.GetString($bytes, 8, $length))
    foreach ($entry in $json.RootElement.EnumerateObject()) {
        if ($entry.Name -ceq '__metadata__') {
            foreach ($pair in $entry.Value.EnumerateObject()) { $metadata[$pair.Name] = $pair.Value.GetString() }
            continue
        }
        $offsets = @($entry.Value.GetProperty('data_offsets').EnumerateArray() | ForEach-Object { $_.GetInt64() })
        $tensors.Add([pscustomobject]@{
                Name = $entry.Name
                Type = $entry.Value.GetProperty('dtype').GetString()
                Shape = @($entry.Value.GetProperty('shape').EnumerateArray() | ForEach-Object { $_.GetInt64() })
                Start = $offsets[0]
                End = $offsets[1]
            })
    }
    $json.Dispose()
    [pscustomobject]@{
        DataStart = 8 + $length
        FileLength = $bytes.LongLength
        Metadata = $metadata
        Tensors = @($tensors | Sort-Object Start)
    }
}

# The bytes of one tensor, in hexadecimal.
function Read-Tensor([string] $Path, [string] $Name) {
    $header = Read-SafetensorsHeader $Path
    $tensor = $header.Tensors | Where-Object Name -CEQ $Name
    [Convert]::ToHexString([System.IO.File]::ReadAllBytes($Path), $header.DataStart + $tensor.Start, $tensor.End - $tensor.Start)
}

# The files that this process holds open, as far as the system tells (Linux).
function Get-OpenFile {
    foreach ($handle in [System.IO.Directory]::GetFileSystemEntries('/proc/self/fd')) {
        try { [System.IO.File]::ResolveLinkTarget($handle, $false).FullName } catch { $null = $_ }
    }
}

# A culture that writes 1,2 for 1.2 and 1.234 for 1,234, as German does; made here because not every machine has de-DE.
function Get-CommaCulture {
    $culture = [cultureinfo]::InvariantCulture.Clone()
    $culture.NumberFormat.NumberDecimalSeparator = $culture.NumberFormat.PercentDecimalSeparator = ','
    $culture.NumberFormat.NumberGroupSeparator = $culture.NumberFormat.PercentGroupSeparator = '.'
    $culture
}

# Runs a script block under a culture.
function Use-Culture([cultureinfo] $Culture, [scriptblock] $Action) {
    $before = [System.Threading.Thread]::CurrentThread.CurrentCulture
    [System.Threading.Thread]::CurrentThread.CurrentCulture = $Culture
    try { & $Action } finally { [System.Threading.Thread]::CurrentThread.CurrentCulture = $before }
}

# Runs PowerShell in a process of its own, as a scheduler would. Gives the exit code and all that was printed.
function Invoke-PowerShellProcess([string[]] $Argument) {
    $command = @(Get-ShellCommand) + '-NoProfile' + '-NonInteractive' + $Argument
    $start = [System.Diagnostics.ProcessStartInfo]::new($command[0], [string[]] $command[1..($command.Count - 1)])
    $start.RedirectStandardOutput = $start.RedirectStandardError = $true
    $process = [System.Diagnostics.Process]::Start($start)
    $errors = $process.StandardError.ReadToEndAsync()
    $text = $process.StandardOutput.ReadToEnd() + $errors.Result
    $process.WaitForExit()
    [pscustomobject]@{ ExitCode = $process.ExitCode; Text = $text }
}

# Runs a script in a process of its own.
function Invoke-ScriptProcess([string] $Script, [string[]] $Argument) {
    Invoke-PowerShellProcess (@('-File', $Script) + $Argument)
}
